import { describe, expect, it } from 'vitest'
import { isWanted, readOptions } from '../../../trials/fuzz/options.ts'

describe('the options of npm run fuzz', () => {
  it('are 200,000 inputs and 20,000 requests over everything, by a seed of the moment', () => {
    const options = readOptions([])
    expect(options).toMatchObject({ runs: 200_000, requests: 20_000, only: [''] })
    if (typeof options === 'string') throw new Error(options)
    expect(Number.isSafeInteger(options.seed)).toBe(true)
    expect(isWanted('DER', options.only)).toBe(true)
  })

  it('name a seed to repeat, and a few of the names', () => {
    const options = readOptions(['--seed', '7', '--runs', '300', '--requests', '0', '--only', 'DER,JW'])
    expect(options).toEqual({ seed: 7, runs: 300, requests: 0, only: ['DER', 'JW'] })
    expect(['DER', 'JWTs', 'CBOR'].map((name) => isWanted(name, ['DER', 'JW']))).toEqual([true, true, false])
  }) // prettier-ignore

  it.each([['--runs', 'many'], ['--seed', '-1'], ['--requests', '1.5'], ['--all'], ['x']])(
    'are refused in words: %s %s',
    (...args) => {
      expect(typeof readOptions(args.filter((one) => one !== undefined))).toBe('string')
    },
  )
})
