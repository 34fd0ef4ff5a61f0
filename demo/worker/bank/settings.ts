import type { IntrospectionService } from '../../../src/introspection.ts'
import type { ReplayGuard } from '../../../src/objects/replay-guard.ts'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import type { ResourceSettings } from '../../../src/resource/settings.ts'
import type { PaymentBook } from './payment-book.ts'

/** What the bank API is bound to. */
export type BankEnv = {
  readonly CONTROL_TOKEN: string
  readonly RESOURCE_SECRET: string
  readonly RESOURCE_KEY: string
  readonly RESOURCE_REPLAY_GUARD: DurableObjectNamespace<ReplayGuard>
  readonly PAYMENT_BOOK: DurableObjectNamespace<PaymentBook>
  readonly INTROSPECTION: IntrospectionService
  readonly SETTINGS: {
    readonly issuer: string
    readonly resource: string
    readonly origin: string
    readonly mtls_origin: string
    readonly revocation: 'introspection' | 'expiry'
  }
}

export const settingsOf = (env: BankEnv): ResourceSettings => ({
  issuer: env.SETTINGS.issuer,
  resource: env.SETTINGS.resource,
  origin: env.SETTINGS.origin,
  mtlsOrigin: env.SETTINGS.mtls_origin,
  profile: fapi2Security,
  revocation: env.SETTINGS.revocation,
  introspection: env.INTROSPECTION,
  secret: env.RESOURCE_SECRET,
  guards: env.RESOURCE_REPLAY_GUARD,
  guardsPerLocation: 4,
  defaultLocation: 'weur',
  signatures: { requests: 'accepted', responses: 'when-signed', key: env.RESOURCE_KEY },
})
