import fc from 'fast-check'

/** One promise about a parser, and how much of the wanted inputs it is given: all, unless it is dear. */
export type Property = {
  readonly name: string
  readonly share: number
  readonly run: (parameters: Repeatable) => Promise<fc.RunDetails<unknown>>
}

/** What repeats a run. */
export type Repeatable = { readonly seed: number; readonly numRuns: number }

/** A parser or a rule that reads what others wrote, and what is promised of it. */
export type Parser = {
  readonly name: string
  /** The file of the code, from the top of the repository. */
  readonly source: string
  readonly properties: readonly Property[]
}

/** A promise that is checked without waiting. */
export const always = <T>(name: string, property: fc.IProperty<T>, share = 1): Property => ({
  name,
  share,
  run: (parameters) => Promise.resolve(fc.check(property, parameters) as fc.RunDetails<unknown>),
})

/** A promise that waits for hashes or signatures. */
export const alwaysAsync = <T>(
  name: string,
  property: fc.IAsyncProperty<T>,
  share = 1,
): Property => ({
  name,
  share,
  run: (parameters) => fc.check(property, parameters) as Promise<fc.RunDetails<unknown>>,
})

/** Inputs a property gets of those wanted for its parser. */
export const inputsFor = ({ share }: Property, wanted: number): number => Math.ceil(wanted * share)
