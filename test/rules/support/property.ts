import fc from 'fast-check'

/**
 * Property tests are the same every time. Another seed: FUZZ_SEED=…; more inputs for each: FUZZ_RUNS=…. A
 * failure prints its seed.
 */
export const seed = Number(process.env['FUZZ_SEED'] ?? 20_260_901)

/** Inputs of a property: what it takes in the suite, or what was asked for. */
export const runs = (short: number): number =>
  Math.max(short, Number(process.env['FUZZ_RUNS'] ?? 0))

export const holds = <T>(property: fc.IProperty<T>, numRuns = 300): void =>
  fc.assert(property, { seed, numRuns: runs(numRuns) })

export const holdsAsync = <T>(property: fc.IAsyncProperty<T>, numRuns = 200): Promise<void> =>
  fc.assert(property, { seed, numRuns: runs(numRuns) })

/** Any text, whole planes and lone surrogates included. */
export const anyText = (maxLength = 200): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '\0', '\r', '\n', 'é', 'a'), maxLength }),
  )
