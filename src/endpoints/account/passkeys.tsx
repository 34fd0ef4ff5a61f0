import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one, readQuery } from '../../authorization/parameters.ts'
import type { Parameters } from '../../authorization/parameters.ts'
import { digest } from '../../encoding.ts'
import { demand } from '../../errors.ts'
import type { ChangeAnswer } from '../../objects/account/changes.ts'
import { mostPasskeys } from '../../objects/account/passkeys.ts'
import { deviceInWords } from '../../pages/account/device.ts'
import type { Notice } from '../../pages/account/overview.tsx'
import { PasskeysPage, longestPasskeyName } from '../../pages/account/passkeys.tsx'
import type { Frame } from '../../pages/layout.tsx'
import { visibleText } from '../../pages/name.ts'
import { namesOf, whenceOf } from '../../people/device.ts'
import { sealForm } from '../../people/forms.ts'
import { creationOptions, newChallenge, relyingParty } from '../../people/passkey-options.ts'
import type { Challenge } from '../../people/passkey-options.ts'
import { verifyAttestation } from '../../people/passkeys.ts'
import { frame, page } from '../page.tsx'
import { demandEnroller, takeForm } from './access.ts'
import type { Posted, Visitor } from './access.ts'
import { change } from './change.ts'
import { homeLink } from './home.ts'
import { backTo, noticeIn } from './notice.ts'
import { refused } from './refused.ts'

const path = '/account/passkeys'

/** The page may lie open this long (ms); its question to a new passkey lives shorter. */
const pageLifetime = 3_600_000

/** Shows the passkeys of whoever may change them, with a question to a new one. */
export async function showPasskeys(call: Call): Promise<Response> {
  const visitor = await demandEnroller(call, path)
  if (visitor instanceof Response) return visitor
  const { issuer } = call
  const { person, credential, by, key: bound } = visitor
  const challenge = newChallenge(call, call.now + pageLifetime)
  const { passkeys } = credential
  const asks = passkeys.length < mostPasskeys
  const options = asks && creationOptions(issuer, challenge, { person, passkeys })
  const notice = noticeIn(demand(readQuery(call.request)))
  const shown = await frame(call)
  const body = (
    <PasskeysPage
      {...shown}
      action={endpointUrl(issuer, 'main', path)}
      form={await sealForm(call, 'passkey', { bound, lifetime: pageLifetime, data: { challenge } })}
      back={homeLink(call, visitor, shown)}
      passkeys={passkeys}
      changeable={by.kind === 'session'}
      suggestedName={suggestName(call, shown)}
      {...(options === false ? {} : { options })}
      {...(notice === undefined ? {} : { notice })}
    />
  )
  const scripted = asks ? ({ passkeys: 'create' } as const) : {}
  return page(body, { frame: shown, status: 200, ...scripted })
}

/** What the browser runs on, as far as it is known: a name to begin with. */
function suggestName(call: Call, shown: Frame): string {
  const { device } = whenceOf(call)
  const { browser, system } = namesOf(device)
  if (device !== undefined && browser !== undefined && system !== undefined) {
    return deviceInWords({ device }, shown)
  }
  return system ?? shown.words.passkeys.page.unnamed
}

/** Adds, renames or removes a passkey. */
export async function postPasskeys(call: Call): Promise<Response> {
  const posted = await takeForm(call, { kind: 'passkey', path, enrols: true })
  if (posted instanceof Response) return posted
  const { visitor, form } = posted
  const id = one(form, 'passkey') ?? ''
  switch (one(form, 'action')) {
    case 'rename': {
      const answer = await change(call, visitor, { kind: 'rename-passkey', id, name: nameIn(form) })
      return after(call, visitor, answer, 'passkey-renamed')
    }
    case 'remove': {
      const answer = await change(call, visitor, { kind: 'remove-passkey', id })
      return after(call, visitor, answer, 'passkey-removed')
    }
    default:
      return add(call, posted)
  }
}

/** Verifies what the authenticator made before the account decides whether to keep it. */
async function add(call: Call, { visitor, form, data }: Posted): Promise<Response> {
  // Sealed by `showPasskeys`.
  const { challenge } = data as { readonly challenge: Challenge }
  const { value, until } = challenge
  if (until <= call.now) return backTo(call, path, 'passkey-late')
  const expected = { ...relyingParty(call.issuer), challenge: value }
  const verdict = await verifyAttestation(one(form, 'attestation'), expected)
  if (!verdict.ok) {
    const { detail, description } = verdict.refusal
    call.log('account.change_refused', {
      account: visitor.person.accountId,
      change: 'add-passkey',
      by: visitor.by.kind,
      reason: detail ?? description,
    })
    return backTo(call, path, 'passkey-refused')
  }
  const passkey = { ...verdict.value, name: nameIn(form) }
  const wanted = { kind: 'add-passkey', passkey, challenge: await digest(value), until } as const
  return after(call, visitor, await change(call, visitor, wanted), 'passkey-added')
}

/** One visible line; what is left empty is given a word by the page. */
const nameIn = (form: Parameters): string =>
  [...visibleText(one(form, 'name') ?? '')].slice(0, longestPasskeyName).join('')

async function after(
  call: Call,
  visitor: Visitor,
  { status }: ChangeAnswer,
  done: Notice,
): Promise<Response> {
  switch (status) {
    case 'done':
      return backTo(call, path, done)
    case 'unknown':
      return backTo(call, path, 'gone')
    case 'last-factor':
      return backTo(call, path, 'last-factor')
    case 'known':
      return backTo(call, path, 'passkey-known')
    case 'full':
      return backTo(call, path, 'passkey-full')
    case 'spent':
      return backTo(call, path, 'passkey-late')
    case 'signed-out':
    case 'not-fresh':
      return refused(call, visitor, { path, status })
    default:
      return status satisfies never
  }
}
