import type { TokenPrice } from './prices.ts'

/**
 * A token request as measured: calls and rows by `test/flows/budgets.test.ts`, where sweeps drop tables, which
 * writes no rows; CPU by `npm run bench`: seconds of a thousand refreshes with 10,000 grants.
 */
export const measuredToken = (cpu = 1.65): TokenPrice => ({ calls: 3, rows: 3, sweptRows: 0, cpu })
