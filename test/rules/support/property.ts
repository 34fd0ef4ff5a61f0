import fc from 'fast-check'

/** Property tests are the same every time; another seed: FC_SEED=… . A failure prints its seed. */
const seed = Number(process.env['FC_SEED'] ?? 20_260_901)

export const holds = <T>(property: fc.IProperty<T>, numRuns = 300): void =>
  fc.assert(property, { seed, numRuns })

export const holdsAsync = <T>(property: fc.IAsyncProperty<T>, numRuns = 200): Promise<void> =>
  fc.assert(property, { seed, numRuns })

/** Any text, whole planes and lone surrogates included. */
export const anyText = (maxLength = 200): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ maxLength }),
    fc.string({ unit: 'binary', maxLength }),
    fc.string({ unit: fc.constantFrom('\ud800', '\udfff', '\0', '\r', '\n', 'é', 'a'), maxLength }),
  )
