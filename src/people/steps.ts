import type { Level, Proof } from '../types.ts'
import { judge } from './authentication.ts'
import type { Need } from './authentication.ts'

/** What an account can be asked for. */
export type Methods = {
  readonly password: boolean
  /** One-time codes; recovery codes stand in their place. */
  readonly code: boolean
  readonly passkeys: number
  /** Recovery codes are left: beside the password they stand in for a lost passkey, too. */
  readonly recovery?: boolean
  /** People sign in elsewhere: the most that login can be asked for. Nothing is shown here then. */
  readonly elsewhere?: Level
}

/**
 * `identify`: who is it, with a password or a passkey. `password`, `code`, `passkey`: only that is
 * missing. `unreachable`: this account cannot reach what is required.
 */
export type Step = 'identify' | 'password' | 'code' | 'passkey' | 'done' | 'unreachable'

/**
 * The next step of a sign-in: asks only for what is missing, and satisfies nothing before all of it is
 * there. The only judge of that. `methods` is undefined while nobody is known.
 */
export function nextStep(need: Need, proofs: readonly Proof[], methods: Methods | undefined): Step {
  const { level } = judge(proofs, need.freshAfter)
  if (level >= need.wanted) return 'done'
  if (methods === undefined) return 'identify'
  const enough = level >= need.required
  if (methods.elsewhere !== undefined) {
    // It is asked for all at once, also for a wish, if it can be asked for that.
    return enough && methods.elsewhere < need.wanted ? 'done' : 'identify'
  }
  const fresh = proofs.filter((proof) => proof.at >= need.freshAfter)
  const has = (...wanted: readonly Proof['method'][]) =>
    fresh.some(({ method }) => wanted.includes(method))
  if (need.wanted === 3 && methods.passkeys > 0) return 'passkey'
  if (need.required === 3) return 'unreachable'
  // Two factors are wanted, or the best this account has instead of a passkey.
  if (has('password')) {
    if (methods.code && level < 2) return 'code'
    if (methods.passkeys > 0 && level < 2) return 'passkey'
    return enough ? 'done' : 'unreachable'
  }
  if (enough) return 'done'
  if (!methods.password) return methods.passkeys > 0 ? 'passkey' : 'unreachable'
  return methods.passkeys > 0 ? 'identify' : 'password'
}

/** Whether a one-time or recovery code may take the place of the passkey that is asked for. */
export function mayRecover(
  need: Need,
  proofs: readonly Proof[],
  methods: Methods | undefined,
): boolean {
  const password = proofs.some(({ method, at }) => method === 'password' && at >= need.freshAfter)
  const codes = methods?.code === true || methods?.recovery === true
  return password && codes && need.required < 3
}
