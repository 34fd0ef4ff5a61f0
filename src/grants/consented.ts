import { detailsAsked } from '../authorization-details/asked.ts'
import type { Call } from '../call.ts'
import { accept, refuse } from '../errors.ts'
import type { Result } from '../errors.ts'
import { newTokenRandom } from '../handles.ts'
import { insist } from '../insist.ts'
import { sameRegistration } from '../objects/grant/entitle.ts'
import type {
  Authorized, Presenter, RedeemAnswer, RefreshAnswer, Registered, TokenOrder,
} from '../objects/grant.ts' // prettier-ignore
import type { ClientRecord, Confirmation } from '../types.ts'
import type {
  CurrentClient,
  Decision,
  Entitlement,
  PreparedGrant,
  TokenRequest,
} from './grant-type.ts'
import { oneResource } from './resource.ts'

type Granted = Extract<RedeemAnswer | RefreshAnswer, Authorized>

/** What a grant type makes of its own parameters. */
export type Asking = {
  readonly grantId: string
  readonly presenter: Presenter
  /** Scopes asked for; none: all that was granted. */
  readonly scope?: readonly string[]
  /** The one-time call. */
  readonly ask: (token: TokenOrder) => Promise<RedeemAnswer | RefreshAnswer>
  /** A code was used before, by the right client. */
  readonly revoke?: () => Promise<unknown>
  readonly refusal: string
  /** What this grant type adds to what every token of a consent has. */
  readonly more?: (
    granted: Granted,
    client: ClientRecord,
    scope: readonly string[],
  ) => Partial<Entitlement>
}

/** What the client is registered for. */
export const registeredOf = ({ metadata }: ClientRecord): Registered => ({
  scope: metadata.scope.split(' '),
  detailTypes: metadata.authorization_details_types ?? [],
  refreshToken: metadata.grant_types.includes('refresh_token'),
})

/**
 * A token that rests on a person's consent: what it may say, the grant's own object decides, and
 * records. Errors: `invalid_target`, `invalid_authorization_details` for what is malformed.
 */
export async function prepareConsented(
  call: Call,
  { parameters, client, confirmation }: TokenRequest,
  asking: Asking,
): Promise<Result<PreparedGrant>> {
  const { storage, stubs, issuer } = call
  const resource = oneResource(parameters)
  if (!resource.ok) return resource
  const details = await detailsAsked(issuer, client.record.metadata, parameters)
  if (!details.ok) return details
  const { scope = [] } = asking
  const order = (record: ClientRecord, cnf: Confirmation): TokenOrder => ({
    random: newTokenRandom(),
    confirmation: cnf,
    issuedAt: Math.floor(call.now / 1000),
    lifetime: issuer.lifetimes.accessToken,
    registered: registeredOf(record),
    ...(resource.value === undefined ? {} : { resource: resource.value }),
    ...(scope.length > 0 ? { scope } : {}),
    ...(details.value === undefined ? {} : { details: details.value }),
  })
  const first = order(client.record, confirmation)
  /** Tokens that may have been authorised. */
  let authorized: readonly string[] = []
  const refused = ({ code, why, description }: Extract<RefreshAnswer, { status: 'refused' }>) => ({
    code,
    description: description ?? asking.refusal,
    detail: why,
  })
  const entitle = async (
    granted: Granted,
    current: CurrentClient,
  ): Promise<Result<Entitlement>> => {
    const { record, standing } = current
    if (granted.consent.generation !== standing.generation) {
      return refuse(
        'invalid_grant',
        'The grant is not valid',
        'made for an earlier client of this id',
      )
    }
    const same =
      sameRegistration(registeredOf(record), first.registered) &&
      JSON.stringify(current.confirmation) === JSON.stringify(confirmation)
    if (same) return accept(entitlementOf(granted, asking, record))
    const stub = stubs.grant(asking.grantId)
    if (stub === undefined) throw new Error('the id of a grant that answered')
    const token = order(record, current.confirmation)
    const reissue = { ...asking.presenter, withhold: granted.token.id, token }
    authorized = [...authorized, token.random]
    const again = await storage.object('Grant.reissue', () => stub.reissue(reissue))
    if (again.status === 'refused') {
      const { code, description, detail } = refused(again)
      return refuse(code, description, detail)
    }
    return accept(
      entitlementOf({ ...granted, ...again, status: granted.status } as Granted, asking, record),
    )
  }
  return accept({
    decide: async (): Promise<Decision> => {
      authorized = [first.random]
      const answer = await asking.ask(first)
      if (answer.status === 'used' || answer.status === 'refused') authorized = []
      if (answer.status === 'used') {
        return { status: 'reused', revoke: asking.revoke ?? (() => Promise.resolve()) }
      }
      if (answer.status === 'refused') return { status: 'refused', ...refused(answer) }
      return { status: 'entitled', entitle: (current) => entitle(answer, current) }
    },
    withhold: async (why) => {
      const stub = stubs.grant(asking.grantId)
      if (stub === undefined) return
      for (const random of authorized) {
        const input = { issuer: issuer.id, random, why }
        const ask = () => storage.object('Grant.withhold', () => stub.withhold(input))
        // Nobody waits for it, and unsaid it would stand in the chain as released.
        await insist(ask).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : 'unknown'
          call.log('evidence.withhold_failed', { grant: asking.grantId, reason })
        })
      }
    },
  })
}

function entitlementOf(granted: Granted, asking: Asking, record: ClientRecord): Entitlement {
  const { consent, token, managed } = granted
  const { id, audience, scope, details, expires } = token
  return {
    tokenId: id,
    subject: consent.sub,
    audience,
    scope,
    expires,
    ...(details === undefined ? {} : { details }),
    authentication: consent.authentication,
    ...(managed === undefined ? {} : { grantId: asking.grantId }),
    ...asking.more?.(granted, record, scope),
  }
}
