import type { Level } from '../types.ts'

/** Levels of authentication by the names settings use. */
export const levelNames: Readonly<Record<string, Level>> = {
  'one-factor': 1,
  'two-factors': 2,
  'phishing-resistant': 3,
}
