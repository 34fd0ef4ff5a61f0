import { expect } from 'vitest'
import { readSettings } from '../../../src/config.ts'
import { bank } from './issuer.ts'

export type Changes = Readonly<Record<string, unknown>>

/** The sentence the settings are refused with; undefined when they are taken. */
export const problemOf = (settings: unknown, development = false): string | undefined => {
  const result = readSettings(settings, { development })
  return result.ok ? undefined : result.problem
}

/** The same for the bank's issuer with some settings changed. */
export const problem = (changes: Changes, development = false): string | undefined =>
  problemOf({ issuers: [{ ...bank, ...changes }] }, development)

/** One clear sentence that names the issuer and says `about`. */
export const sentence = (about: string): unknown =>
  expect.stringMatching(new RegExp(`^Issuer 'bank':.*${about.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[^\\n]*\\.$`)) // prettier-ignore
