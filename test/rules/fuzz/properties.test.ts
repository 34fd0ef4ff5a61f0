import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parserNames, parsers } from '../../../trials/fuzz/parsers.ts'
import { inputsOf, problemsWith, runParser } from '../../../trials/fuzz/support/run.ts'
import type { Outcome } from '../../../trials/fuzz/support/run.ts'
import { runs, seed } from '../support/property.ts'

/* The short form of `npm run fuzz`: the same promises with fewer inputs, always the same ones. */

describe.each(parserNames)('%s', (name) => {
  it('keeps each of its promises for every generated input', async () => {
    const outcomes: Outcome[] = []
    const wanted = runs(200)
    await runParser(name, { seed, runs: wanted, least: 200 }, (one) => outcomes.push(one))
    expect(outcomes.map(({ failure }) => failure).filter((one) => one !== undefined)).toEqual([])
    expect(outcomes.every(({ inputs }) => inputs >= 200)).toBe(true)
    expect(problemsWith(outcomes, [name], wanted)).toEqual([])
  }, 600_000)

  it('is in the list under its name, with the file it is about, and gets all inputs in the long form', async () => {
    const parser = await parsers[name]()
    expect(parser.name).toBe(name)
    expect(existsSync(parser.source)).toBe(true)
    expect(parser.properties.reduce((sum, { share }) => sum + share, 0)).toBeGreaterThanOrEqual(1)
  })
})

describe('the verdict of the command', () => {
  const good: Outcome = { parser: 'a', property: 'p', wanted: 2, inputs: 2, milliseconds: 1 }

  it('is nothing when each parser had its inputs and no promise broke', () => {
    expect(problemsWith([good, { ...good, property: 'q', inputs: 1 }], ['a'], 3)).toEqual([])
    expect(inputsOf([good, good, { ...good, parser: 'b' }], 'a')).toBe(4)
  })

  it('names a broken promise, a parser with too few inputs and one that never ran', () => {
    expect(problemsWith([{ ...good, failure: 'x' }], ['a'], 2)).toEqual(['a: broken: p'])
    expect(problemsWith([good], ['a', 'b'], 3)).toEqual(['a: only 2 of 3 inputs', 'b: only 0 of 3 inputs'])
  }) // prettier-ignore
})
