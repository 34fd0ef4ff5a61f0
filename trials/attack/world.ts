import type { Browser } from '../../test/support/browser.ts'
import type { KeyHost } from '../../test/support/key-host.ts'
import type { Admin } from '../../test/support/wire-admin.ts'
import type { Person, WireClient } from '../../test/support/wire-client.ts'
import type { Clock, DpopKey } from '../../test/support/wire-keys.ts'
import type { Reachable } from '../../test/support/wire-server.ts'
import type { Capability } from './capability.ts'
import type { Pages } from './pages.ts'

/** What scenarios see of an issuer and of what was told about it. */
export type World = {
  readonly server: Reachable
  /** As its metadata says (RFC 8414). */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly clock: Clock
  /** Whether long lists are tried whole; the test suite takes some of each. */
  readonly thorough: boolean
  readonly has: (capability: Capability) => boolean
  /** Passwords and secrets that no report may show. */
  readonly secrets: readonly string[]
  /** The client that is attacked. */
  readonly web: WireClient
  /** A second client, as an attacker may have one. */
  readonly second: WireClient
  /** A client that authenticates with its certificate. Needs `mtls`. */
  readonly certificateClient: () => WireClient
  /** The client that may introspect tokens for the resource. Needs `introspection`. */
  readonly resourceServer: () => WireClient
  /** The victim, and somebody else. Need `person` and `people`. */
  readonly person: Person
  readonly otherPerson: () => Person
  /** An address that opens with an access token of `web`. Needs `resource`. */
  readonly resource: () => string
  /** A browser that nobody used. */
  readonly browser: () => Browser
  /** How its pages are walked. Needs `pages`. */
  readonly pages: () => Pages
  /** Needs `operator`. */
  readonly operator: () => Promise<Admin>
  /** What acts as a client that a scenario had registered. */
  readonly act: (fixture: WireClient['fixture']) => WireClient
  /** All that the server wrote to its log. Needs `log`. */
  readonly log: () => string
  /** Moves the server's clock from where it stood at the start; `settle` moves it back. Needs `clock`. */
  readonly moveClock: (seconds: number) => Promise<void>
  /** A host of ours that the server may call. Needs `outbound`. */
  readonly outboundHost: () => KeyHost
  /** The same kind of server, for a scenario that locks up addresses and accounts. Needs `disposable`. */
  readonly disposable: () => Promise<World>
  /** Puts back what a scenario moved. */
  readonly settle: () => Promise<void>
  readonly close: () => Promise<void>
}

/** With what requests prove possession: a new key where the server takes DPoP, else the certificate. */
export type Proving = { readonly key?: DpopKey }
