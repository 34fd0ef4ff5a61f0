import type { Call } from '../call.ts'
import { ProtocolError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { SignIn } from '../people/interaction.ts'
import type { PersonClaims } from '../objects/account.ts'
import { tell } from '../people/told.ts'
import type { Told } from '../people/told.ts'
import { welcome } from '../people/vouched.ts'
import type { Vouched } from '../people/vouched.ts'
import { addressOf, continueSignIn } from './continue.ts'
import { wayBack } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'

/** What a sign-in elsewhere is for, and the request behind it. */
export type Errand = {
  readonly signIn: Pick<SignIn, 'purpose' | 'need' | 'browser' | 'until'>
  /** Absent when the sign-in is for the account page. */
  readonly live: LiveRequest | undefined
}

export type Vouching = Omit<Vouched, 'claims'> & { readonly claims: PersonClaims }

/** The person is known: their account is found or made, and the session starts as everybody's does. */
export async function finishSignIn(
  call: Call,
  errand: Errand,
  vouched: Vouching,
): Promise<Response> {
  const { person } = await welcome(call, vouched)
  // Nothing more is asked here: the other login is the only one of this issuer.
  const methods = { password: false, code: false, passkeys: 0 }
  const proofs = [vouched.proof]
  const answer = await continueSignIn(call, asSignIn(errand), { person, methods, proofs })
  if (answer instanceof Response) return answer
  return giveUp(call, errand, 'other-login-weak', 'less than what is required')
}

export const asSignIn = ({ signIn }: Errand): SignIn => {
  const { purpose, need, browser, until } = signIn
  return { purpose, need, browser, until, stage: 'sign-in', ask: 'identify', proofs: [] }
}

/** What clients are told when a person goes back to them without having signed in. */
const codes: { readonly [told in Told]?: ErrorCode } = {
  'other-login-weak': 'unmet_authentication_requirements',
  'other-login-unreachable': 'temporarily_unavailable',
}

/** Ends in a page that says what happened, offers to start again and the way back to the client. */
export async function giveUp(
  call: Call,
  errand: Errand,
  told: Told,
  detail: string,
): Promise<never> {
  const { live } = errand
  const error = codes[told] ?? 'access_denied'
  const description = 'The person did not sign in'
  const back = live && (await wayBack(call, live.client, live.pushed.request, error, description))
  const { refusal } = tell(told, detail, back)
  throw new ProtocolError({ ...refusal, again: await startAgain(call, errand) })
}

/** Where the same sign-in starts again. */
export const startAgain = (call: Call, errand: Errand): Promise<string> =>
  addressOf(call, asSignIn(errand))
