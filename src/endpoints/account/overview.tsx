import type { Call } from '../../call.ts'
import { endpointUrl } from '../../call.ts'
import { one, readQuery } from '../../authorization/parameters.ts'
import { findClient } from '../../clients/find.ts'
import { demand } from '../../errors.ts'
import type { AccountView, Credential, GrantEntry } from '../../objects/account.ts'
import { OverviewPage } from '../../pages/account/overview.tsx'
import type { Permission, ShownMethods } from '../../pages/account/overview.tsx'
import { describeDetail } from '../../pages/describe-details.ts'
import { describeWish } from '../../pages/describe.ts'
import type { Frame } from '../../pages/layout.tsx'
import { sealForm } from '../../people/forms.ts'
import { turnAway } from '../../people/told.ts'
import { frame, page } from '../page.tsx'
import { demandSession } from './access.ts'
import type { Visitor } from './access.ts'
import { noticeIn } from './notice.ts'

/** Permissions shown, and so grants asked, on one page. */
const perPage = 50

/** Milliseconds the buttons of the page work: as long as a session may last without a new page. */
const pageFor = 3_600_000

/** The account page. */
export async function showAccount(call: Call): Promise<Response> {
  const visitor = await demandSession(call, '/account')
  if (visitor instanceof Response) return visitor
  const query = demand(readQuery(call.request))
  const view = await viewOf(call, visitor)
  const newestFirst = [...view.grants].sort((a, b) => b.createdAt - a.createdAt)
  const pages = Math.max(1, Math.ceil(newestFirst.length / perPage))
  const wanted = /^[1-9][0-9]{0,3}$/.exec(one(query, 'page') ?? '')?.[0]
  const at = Math.min(pages, Number(wanted ?? 1))
  const entries = newestFirst.slice((at - 1) * perPage, at * perPage)
  const shown = await frame(call)
  const names = await clientNames(call, [
    ...entries.map(({ clientId }) => clientId),
    ...view.activity.flatMap(({ clientId }) => clientId ?? []),
  ])
  const permissions = await Promise.all(
    entries.map((entry) => permissionOf(call, entry, { shown, names })),
  )
  const { credential, person } = visitor
  const notice = noticeIn(query)
  const address = (path: string) => endpointUrl(call.issuer, 'main', path)
  const body = (
    <OverviewPage
      {...shown}
      action={address}
      form={await sealForm(call, 'account', { bound: visitor.key, lifetime: pageFor })}
      username={person.username}
      permissions={permissions.filter((permission) => permission !== undefined)}
      {...(call.issuer.authentication.login === undefined
        ? { methods: methodsShown(view, credential) }
        : {})}
      sessions={view.sessions
        .map(({ secretHash, session }) => ({
          ...session,
          here: secretHash === visitor.by.secretHash,
        }))
        .sort((a, b) => Number(b.here) - Number(a.here) || b.lastSeenAt - a.lastSeenAt)}
      activity={view.activity.map((entry) => {
        const clientName = names.get(entry.clientId ?? '')
        return clientName === undefined ? entry : { ...entry, clientName }
      })}
      {...(notice === undefined ? {} : { notice })}
      {...(at > 1 ? { newer: address(`/account?page=${at - 1}`) } : {})}
      {...(at < pages ? { older: address(`/account?page=${at + 1}`) } : {})}
    />
  )
  return page(body, { frame: shown, status: 200 })
}

const methodsShown = (
  { codeAddedAt }: AccountView,
  { password, recoveryCodes, passkeys }: Credential,
): ShownMethods => ({
  password: password !== undefined,
  recoveryCodes,
  passkeys: passkeys.length,
  ...(codeAddedAt === undefined ? {} : { codeAddedAt }),
})

async function viewOf(call: Call, { person }: Visitor): Promise<AccountView> {
  const account = call.stubs.account(person.accountId)
  const view =
    account && (await call.storage.object('Account.view', () => account.view(call.issuer.id)))
  return view ?? turnAway('sign-in-again', 'the account is gone')
}

/** Registered names; a client that was deleted is called by its id. */
async function clientNames(
  call: Call,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const named = [...new Set(ids)].map(async (id) => {
    const client = await findClient(call, id)
    return [id, client?.metadata.client_name ?? id] as const
  })
  return new Map(await Promise.all(named))
}

/** A permission as its grant has it; undefined where it was promised only. */
async function permissionOf(
  call: Call,
  entry: GrantEntry,
  { shown, names }: { readonly shown: Frame; readonly names: ReadonlyMap<string, string> },
): Promise<Permission | undefined> {
  const stub = call.stubs.grant(entry.grantId)
  const grant =
    stub && (await call.storage.object('Grant.summary', () => stub.summary(call.issuer.id)))
  const { grantId, clientId, createdAt, endsAt, endedAt, scope = [], claims = [] } = entry
  const held = grant?.consent
  const wish = {
    scope: held?.scope ?? scope,
    claims: held === undefined ? claims : [...held.claims.idToken, ...held.claims.userinfo],
    catalogue: call.issuer.scopes,
  }
  const known = {
    grantId,
    clientName: names.get(clientId) ?? clientId,
    asks: describeWish(wish, shown),
    details: (held?.details ?? []).map((detail) =>
      describeDetail(call.issuer.detailTypes, detail, shown),
    ),
    createdAt,
    endsAt,
  }
  if (grant === undefined || grant.status === 'unknown') {
    // Promised but never authorised; or it ended so long ago that the grant forgot it.
    const promised = entry.status === 'pending' || endsAt > call.now
    return promised ? undefined : { ...known, status: 'expired' }
  }
  return {
    ...known,
    // A permission no app came for is over like one that has run out.
    status: grant.status === 'unclaimed' ? 'expired' : grant.status,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(grant.lastUsedAt === undefined ? {} : { lastUsedAt: grant.lastUsedAt }),
  }
}
