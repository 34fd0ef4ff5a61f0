import type { Call } from '../call.ts'
import { endpointUrl } from '../call.ts'
import { one, readForm, readQuery } from '../authorization/parameters.ts'
import { tuple } from '../encoding.ts'
import { demand } from '../errors.ts'
import type { Credential } from '../objects/account.ts'
import { withProof } from '../people/authentication.ts'
import { CodePage } from '../pages/code.tsx'
import type { CodeProblem } from '../pages/code.tsx'
import { checkSameOrigin } from '../people/interaction.ts'
import { judgeCode } from '../people/one-time-code.ts'
import { methodsOf } from '../people/session.ts'
import type { Person } from '../people/session.ts'
import { noteFailedSignIn } from '../people/sign-in.ts'
import { throttleFor } from '../people/throttling.ts'
import { turnAway } from '../people/told.ts'
import { continueSignIn } from './continue.ts'
import { cancelSignIn, goOnWithLess, isWish, openVisit } from './login.tsx'
import type { Visit } from './login.tsx'
import { frame, page } from './page.tsx'

/** Asks for the one-time code, after the password. */
export async function showCode(call: Call): Promise<Response> {
  const visit = await openVisit(call, demand(readQuery(call.request)))
  return render(call, visit, undefined)
}

/** Takes a one-time code or a recovery code. */
export async function postCode(call: Call): Promise<Response> {
  demand(checkSameOrigin(call))
  const form = demand(await readForm(call.request))
  if (one(form, 'action') === 'cancel') return cancelSignIn(call, form)
  const visit = await openVisit(call, form)
  if (one(form, 'action') === 'skip') return goOnWithLess(call, visit)
  const { interaction } = visit
  const person = expected(visit)
  const throttling = await throttleFor(call, 'code', person.accountId)
  const attempt = await throttling.begin()
  if (!attempt.allowed) {
    call.log('sign_in.throttled', { method: 'code', seconds: attempt.waitSeconds })
    return render(call, visit, { kind: 'wait', seconds: attempt.waitSeconds })
  }
  const credential = await credentialOf(call, person)
  const text = (one(form, 'otp') ?? '').slice(0, 64)
  const verdict = await judgeCode(call, person.accountId, { credential, text })
  const answer =
    verdict &&
    (await continueSignIn(call, interaction, {
      person,
      methods: methodsOf(credential),
      proofs: withProof(interaction.proofs, verdict.proof),
      spend: verdict.spend,
      once: tuple(visit.sealed, text),
    }))
  if (!(answer instanceof Response)) {
    call.log('sign_in.refused', { account: person.accountId, reason: 'code' })
    noteFailedSignIn(call, person.accountId, 'code')
    return render(call, visit, { kind: 'code' })
  }
  await throttling.succeed()
  return answer
}

function expected({ interaction }: Visit): Person {
  const { ask, person } = interaction
  if (ask === 'code' && person !== undefined) return person
  return turnAway('page-outdated', 'no code is asked')
}

/** The credential as it is now; a changed one ends the sign-in. */
async function credentialOf(call: Call, person: Person): Promise<Credential> {
  const stub = call.stubs.account(person.accountId)
  const credential =
    stub && (await call.storage.object('Account.credential', () => stub.credential(call.issuer.id)))
  if (credential?.enabled === true && credential.epoch === person.epoch) return credential
  return turnAway('sign-in-again', 'disabled, or its credential changed')
}

async function render(
  call: Call,
  visit: Visit,
  problem: CodeProblem | undefined,
): Promise<Response> {
  const { live, sealed } = visit
  const person = expected(visit)
  const redirectUri = live?.pushed.request.redirectUri
  const own = await frame(call, live?.pushed.request.uiLocales)
  const body = (
    <CodePage
      {...own}
      action={endpointUrl(call.issuer, 'main', '/login/code')}
      interaction={sealed}
      username={person.username}
      cancellable={live !== undefined}
      skippable={isWish(visit.interaction)}
      {...(problem === undefined ? {} : { problem })}
    />
  )
  const status = problem === undefined ? 200 : problem.kind === 'wait' ? 429 : 403
  const endsAt = redirectUri === undefined ? {} : { endsAt: redirectUri }
  const response = page(body, { frame: own, status, ...endsAt })
  if (problem?.kind === 'wait') response.headers.set('retry-after', String(problem.seconds))
  return response
}
