import type { Call } from '../call.ts'
import { one, readForm } from '../authorization/parameters.ts'
import { digest, toHex } from '../encoding.ts'
import { demand } from '../errors.ts'
import type { Credential } from '../objects/account.ts'
import { withProof } from '../people/authentication.ts'
import { checkSameOrigin } from '../people/interaction.ts'
import type { SignIn } from '../people/interaction.ts'
import { relyingParty } from '../people/passkey-options.ts'
import type { Challenge } from '../people/passkey-options.ts'
import { readAssertion, verifyAssertion } from '../people/passkeys.ts'
import type { Assertion } from '../people/passkeys.ts'
import { methodsOf, personOf } from '../people/session.ts'
import type { Person } from '../people/session.ts'
import { throttleAddress } from '../people/throttling.ts'
import { turnAway } from '../people/told.ts'
import { continueSignIn, proofsOf } from './continue.ts'
import type { Progress } from './continue.ts'
import { openVisit, renderLogin } from './login.tsx'

/**
 * Takes a passkey's answer: it says whose it is, its signature is verified, and the account decides in
 * one turn whether challenge and counter may still be used. Whatever is wrong is the same answer.
 */
export async function postPasskey(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  const visit = await openVisit(call, form)
  const { challenge } = visit.interaction
  if (challenge === undefined) return turnAway('page-outdated', 'no passkey is asked')
  if (challenge.until <= call.now) return renderLogin(call, visit, { problem: { kind: 'late' } })
  const throttling = await throttleAddress(call)
  const attempt = await throttling.begin()
  if (!attempt.allowed) {
    call.log('sign_in.throttled', { method: 'passkey', seconds: attempt.waitSeconds })
    return renderLogin(call, visit, { problem: { kind: 'wait', seconds: attempt.waitSeconds } })
  }
  const refuse = (reason: string, account?: string) => {
    call.log('sign_in.refused', { reason, ...(account === undefined ? {} : { account }) })
    return renderLogin(call, visit, { problem: { kind: 'passkey' } })
  }
  const assertion = readAssertion(one(form, 'assertion'))
  const owner = assertion && (await ownerOf(call, visit.interaction, assertion))
  if (assertion === undefined || owner === undefined) return refuse('no passkey of ours')
  const progress = await judge(call, visit.interaction, { assertion, challenge, ...owner })
  const { accountId } = owner.person
  if (typeof progress === 'string') return refuse(progress, accountId)
  const answer = await continueSignIn(call, visit.interaction, progress)
  if (!(answer instanceof Response)) return refuse(answer, accountId)
  await throttling.succeed()
  return answer
}

type Owner = { readonly person: Person; readonly credential: Credential }

/** Whose passkey it says it is; in a step-up it is nobody else’s. */
async function ownerOf(
  call: Call,
  { ask, person }: SignIn,
  { userHandle }: Assertion,
): Promise<Owner | undefined> {
  const known = ask === 'identify' ? undefined : person
  const named = userHandle && toHex(userHandle)
  // A passkey that was named in the options need not say it (WebAuthn 7.2 step 6).
  const accountId = named ?? known?.accountId
  if (accountId === undefined || (known !== undefined && accountId !== known.accountId)) {
    return undefined
  }
  const stub = call.stubs.account(accountId)
  const credential =
    stub && (await call.storage.object('Account.credential', () => stub.credential(call.issuer.id)))
  return credential && { person: known ?? personOf(accountId, credential), credential }
}

/** What a right answer proves and uses up; else why it is refused, for the log. */
async function judge(
  call: Call,
  interaction: SignIn,
  given: Owner & { readonly assertion: Assertion; readonly challenge: Challenge },
): Promise<Progress | string> {
  const { person, credential, assertion, challenge } = given
  const passkey = credential.passkeys.find(({ id }) => id === assertion.id)
  if (passkey === undefined) return 'not a passkey of this account'
  const expected = { ...relyingParty(call.issuer), challenge: challenge.value }
  const verdict = await verifyAssertion(assertion, passkey, expected)
  if (!verdict.ok) return verdict.refusal.detail ?? 'passkey'
  const { value, until } = challenge
  return {
    person,
    methods: methodsOf(credential),
    proofs: withProof(proofsOf(interaction, person), { method: 'passkey', at: call.now }),
    spend: {
      kind: 'passkey',
      id: passkey.id,
      ...verdict.value,
      challenge: await digest(value),
      until,
    },
  }
}
