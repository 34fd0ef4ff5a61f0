import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import type { Parameters } from '../authorization/parameters.ts'
import { demand } from '../errors.ts'
import { LoginPage } from '../pages/login.tsx'
import type { LoginProblem } from '../pages/login.tsx'
import { judge, withProof } from '../people/authentication.ts'
import { checkSameOrigin, sealInteraction } from '../people/interaction.ts'
import type { SignIn } from '../people/interaction.ts'
import { newChallenge, requestOptions } from '../people/passkey-options.ts'
import { currentSession, methodsOf } from '../people/session.ts'
import { judgePassword } from '../people/sign-in.ts'
import { nextStep } from '../people/steps.ts'
import { turnAway } from '../people/told.ts'
import { deny } from './answer.ts'
import { arriveWith, askFor, askForMissing, continueSignIn, proofsOf } from './continue.ts'
import { frame, page } from './page.tsx'
import { openPushed } from './pushed.ts'
import type { LiveRequest } from './pushed.ts'
import { openSignIn } from './sign-in-page.ts'

/** A sign-in page, and what it is for. */
export type Visit = {
  readonly sealed: string
  readonly interaction: SignIn
  /** Absent when the sign-in is for the account page. */
  readonly live: LiveRequest | undefined
}

/** Shows the sign-in form. */
export async function showLogin(call: Call): Promise<Response> {
  const visit = await openVisit(call, demand(readQuery(call.request)))
  const { unreachable } = visit.interaction
  return renderLogin(call, visit, unreachable ? { problem: outOfReach(visit.interaction) } : {})
}

/** Opens the interaction of a sign-in page and what it is for. Throws `ProtocolError`. */
export async function openVisit(call: Call, parameters: Parameters): Promise<Visit> {
  const sealed = one(parameters, 'interaction')
  const interaction = await openSignIn(call, sealed)
  const { purpose } = interaction
  const live =
    purpose.kind === 'authorize'
      ? await openPushed(call, { handle: purpose.request }, 'finishing')
      : undefined
  return { sealed: sealed ?? '', interaction, live }
}

/** Takes the sign-in form. */
export async function postLogin(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  const action = one(form, 'action')
  if (action === 'cancel') return cancelSignIn(call, form)
  const visit = await openVisit(call, form)
  if (action === 'continue') return goOnAsOffered(call, visit)
  if (action === 'skip') return goOnWithLess(call, visit)
  if (action === 'recovery') return recover(call, visit)
  return takePassword(call, visit, form)
}

/** The person does not want to sign in: the client is told. */
export async function cancelSignIn(call: Call, form: Parameters): Promise<Response> {
  const interaction = await openSignIn(call, one(form, 'interaction'))
  const { purpose } = interaction
  if (purpose.kind !== 'authorize') return turnAway('page-outdated', 'nothing to cancel')
  return deny(
    call,
    await openPushed(call, { handle: purpose.request, outcome: 'denied' }, 'finishing'),
  )
}

async function takePassword(call: Call, visit: Visit, form: Parameters): Promise<Response> {
  const { interaction } = visit
  const known = interaction.ask === 'password' ? interaction.person?.username : undefined
  const username = known ?? one(form, 'username') ?? ''
  const password = one(form, 'password') ?? ''
  if (username.length > 256) return turnAway('entry-too-long')
  const outcome = await judgePassword(call, { username, password })
  if (outcome.status !== 'matches') {
    const problem: LoginProblem =
      outcome.status === 'wait'
        ? { kind: 'wait', seconds: outcome.seconds }
        : { kind: 'credentials' }
    return renderLogin(call, visit, { username, problem })
  }
  const { person, credential } = outcome
  const proofs = withProof(proofsOf(interaction, person), { method: 'password', at: call.now })
  const progress = { person, methods: methodsOf(credential), proofs }
  const answer = await continueSignIn(call, interaction, progress)
  if (answer instanceof Response) return answer
  return renderLogin(call, visit, { username, problem: outOfReach(interaction) })
}

/** Which factor the account would need. */
const outOfReach = ({ need }: SignIn): LoginProblem => ({
  kind: 'unreachable',
  missing: need.required === 3 ? 'passkey' : 'secondFactor',
})

/** `select_account`: the person goes on with the session there is, or steps it up. */
async function goOnAsOffered(call: Call, { interaction, ...visit }: Visit): Promise<Response> {
  const session = interaction.offer === undefined ? undefined : await currentSession(call)
  if (session?.person.username !== interaction.offer || session === undefined) {
    const { offer: _offer, ...rest } = interaction
    return askFor(call, rest)
  }
  const { person, proofs, credential, id: continues } = session
  const methods = methodsOf(credential)
  const step = nextStep(interaction.need, proofs, methods)
  if (step === 'done') return arriveWith(call, interaction, session)
  if (step === 'unreachable') {
    return renderLogin(call, { interaction, ...visit }, { problem: outOfReach(interaction) })
  }
  const { offer: _offer, ...rest } = interaction
  return askForMissing(call, { ...rest, continues }, { step, person, proofs, methods })
}

/** What was wished for beyond what is required is not at hand: the person goes on with what they have. */
export async function goOnWithLess(call: Call, { interaction }: Visit): Promise<Response> {
  const session = await currentSession(call)
  const { required, freshAfter } = interaction.need
  const same = session?.person.accountId === interaction.person?.accountId
  if (session === undefined || !same || judge(session.proofs, freshAfter).level < required) {
    return turnAway('page-outdated', 'nothing to go on with')
  }
  return arriveWith(call, interaction, session)
}

/** The passkey is not at hand: a recovery code beside the password reaches what is required. */
async function recover(call: Call, { interaction }: Visit): Promise<Response> {
  const { recovery, challenge: _challenge, ...rest } = interaction
  if (recovery !== true) return turnAway('page-outdated', 'nothing to recover with')
  const { need } = interaction
  return askFor(call, { ...rest, ask: 'code', need: { ...need, wanted: need.required } })
}

/** Shows the sign-in form with a new challenge for passkeys. */
export async function renderLogin(
  call: Call,
  { interaction, live }: Pick<Visit, 'interaction' | 'live'>,
  shown: { readonly username?: string; readonly problem?: LoginProblem },
): Promise<Response> {
  const { problem } = shown
  const redirectUri = live?.pushed.request.redirectUri
  const fixed = interaction.ask === 'identify' ? undefined : interaction.person?.username
  const username = fixed ?? shown.username ?? live?.pushed.request.loginHint
  const own = await frame(call, live?.pushed.request.uiLocales)
  const { sealed, passkey } = await askPasskey(call, interaction)
  const body = (
    <LoginPage
      {...own}
      action={endpointUrl(call.issuer, 'main', '/login')}
      interaction={sealed}
      {...(passkey === undefined ? {} : { passkey })}
      ask={interaction.ask === 'code' ? 'password' : interaction.ask}
      {...(live === undefined || redirectUri === undefined
        ? {}
        : {
            client: {
              name: live.client.metadata.client_name,
              host: new URL(redirectUri).host,
            },
          })}
      {...(username === undefined ? {} : { username })}
      {...(interaction.offer === undefined ? {} : { offer: interaction.offer })}
      skippable={isWish(interaction)}
      recoverable={interaction.recovery === true}
      {...(problem === undefined ? {} : { problem })}
    />
  )
  const endsAt = redirectUri === undefined ? {} : { endsAt: redirectUri }
  const scripted = passkey === undefined ? {} : ({ passkeys: 'get' } as const)
  const status = statusFor(problem)
  const response = page(body, { frame: own, status, ...scripted, ...endsAt })
  if (problem?.kind === 'wait') response.headers.set('retry-after', String(problem.seconds))
  return response
}

/** Seals a new challenge into the page's state, where a passkey is one of the answers. */
async function askPasskey(call: Call, interaction: SignIn) {
  const { ask, person, until } = interaction
  if (ask !== 'identify' && ask !== 'passkey') {
    return { sealed: await sealInteraction(call, interaction), passkey: undefined }
  }
  const challenge = newChallenge(call, until)
  // Whoever is stepped up is known, and so are their passkeys; else any passkey of this site may answer.
  const stub = ask === 'passkey' && person ? call.stubs.account(person.accountId) : undefined
  const credential =
    stub && (await call.storage.object('Account.credential', () => stub.credential(call.issuer.id)))
  return {
    sealed: await sealInteraction(call, { ...interaction, challenge }),
    passkey: {
      action: endpointUrl(call.issuer, 'main', '/login/passkey'),
      options: requestOptions(call.issuer, challenge, credential?.passkeys),
    },
  }
}

const statusFor = (problem: LoginProblem | undefined): number => {
  if (problem === undefined) return 200
  return problem.kind === 'wait' ? 429 : 403
}

/** What is asked for goes beyond what is required, and that is there already. */
export function isWish({ need, proofs }: SignIn): boolean {
  return judge(proofs, need.freshAfter).level >= need.required
}
