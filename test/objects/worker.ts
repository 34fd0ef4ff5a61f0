/** The production Worker as it is; tests talk to its objects directly. */
export * from '../../src/index.ts'
export { default } from '../../src/index.ts'
