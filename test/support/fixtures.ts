import { createCa, createSelfSigned } from './certificates.ts'
import { makeDpopKey } from './wire-keys.ts'

export type PrivateJwk = Record<string, unknown> & { readonly kty: string }

/** What a test needs to act as one of the registered clients. JSON, so that it can cross processes. */
export type ClientFixture = {
  readonly clientId: string
  readonly redirectUri: string
  /** What it asks for unless told otherwise. */
  readonly scope?: string
  /** Whether it names itself beside its assertion: some servers want that of a pushed request. */
  readonly namesItself?: boolean
  /** Signs assertions; absent for clients that authenticate with a certificate. */
  readonly jwk?: PrivateJwk
  readonly alg?: string
  readonly credential?: { readonly cert: string; readonly key: string }
}

export type Fixtures = {
  readonly clients: Readonly<Record<ClientName, ClientFixture>>
  readonly users: Readonly<
    Record<
      'alice' | 'carol',
      {
        readonly username: string
        readonly password: string
        readonly sub: string
        /** Base32 secret of one-time codes; carol has none. */
        readonly totp_secret?: string
      }
    >
  >
  /** Certificates no client is registered with. */
  readonly strangers: {
    readonly selfSigned: { readonly cert: string; readonly key: string }
    readonly sameAuthority: { readonly cert: string; readonly key: string }
    readonly otherAuthority: { readonly cert: string; readonly key: string }
  }
  /** The authority of the clients' certificates: a test may open it and issue more. */
  readonly clientAuthority: { readonly cert: string; readonly key: string }
}

export type ClientName =
  | 'web' | 'second' | 'dpopBound' | 'ps256' | 'ed25519' | 'certificateBound' | 'bothBound'
  | 'mtlsPki' | 'mtlsPki2' | 'mtlsSelfSigned' | 'native' | 'resourceServer' | 'noRefresh' // prettier-ignore

const scope =
  'openid profile email offline_access accounts grant_management_query grant_management_revoke'
const allGrants = ['authorization_code', 'refresh_token', 'client_credentials']

async function key(
  alg: 'ES256' | 'PS256' | 'Ed25519',
  kid: string,
): Promise<{ readonly jwk: PrivateJwk; readonly publicJwk: PrivateJwk }> {
  const { jwk, publicJwk } = await makeDpopKey(alg === 'Ed25519' ? 'EdDSA' : alg)
  const named = { kid, alg: alg === 'Ed25519' ? 'EdDSA' : alg, use: 'sig' }
  return { jwk: { ...jwk, ...named }, publicJwk: { ...publicJwk, ...named } as PrivateJwk }
}

/** Makes keys and certificates, and the configuration file that registers them. */
export async function makeFixtures(): Promise<{
  readonly fixtures: Fixtures
  readonly config: unknown
  readonly clientCaPem: string
}> {
  const ca = await createCa({ subject: 'CN=Test Client CA,O=Test,C=DE' })
  const otherCa = await createCa({ subject: 'CN=Other CA,O=Elsewhere,C=FR' })
  const selfSigned = await createSelfSigned({ subject: 'CN=self signed client' })
  const issue = async (subject: string, by = ca) => {
    const { pem, keyPem } = await by.issue({ subject, extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'] })
    return { cert: pem, key: keyPem }
  }
  const jwks = {
    web: await key('ES256', 'web-1'),
    second: await key('ES256', 'second-1'),
    dpopBound: await key('ES256', 'dpop-1'),
    ps256: await key('PS256', 'ps-1'),
    ed25519: await key('Ed25519', 'ed-1'),
    certificateBound: await key('ES256', 'cert-1'),
    bothBound: await key('ES256', 'both-1'),
    native: await key('ES256', 'native-1'),
    resourceServer: await key('ES256', 'rs-1'),
    noRefresh: await key('ES256', 'nr-1'),
  }
  const signer = (name: keyof typeof jwks, redirectUri: string, extra: object = {}) => ({
    fixture: {
      clientId: `client-${name.toLowerCase()}`,
      redirectUri,
      jwk: jwks[name].jwk,
      alg: String(jwks[name].jwk['alg']),
    },
    metadata: {
      client_id: `client-${name.toLowerCase()}`,
      client_name: `Test client ${name}`,
      redirect_uris: [redirectUri],
      grant_types: allGrants,
      scope,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwks[name].publicJwk] },
      ...extra,
    },
  })
  const mtls = async (
    name: string,
    redirectUri: string,
    credential: { cert: string; key: string },
    extra: object,
  ) => ({
    fixture: { clientId: `client-${name.toLowerCase()}`, redirectUri, credential },
    metadata: {
      client_id: `client-${name.toLowerCase()}`,
      client_name: `Test client ${name}`,
      redirect_uris: [redirectUri],
      grant_types: allGrants,
      scope,
      tls_client_certificate_bound_access_tokens: true,
      ...extra,
    },
  })
  const clients = {
    web: signer('web', 'https://web.example/cb', {
      authorization_details_types: [
        ...['account_information', 'payment_initiation', 'patient_record'],
        'urn:test:unavailable',
      ],
    }),
    second: signer('second', 'https://second.example/cb?dummy1=lorem&dummy2=ipsum', {
      authorization_details_types: ['account_information'],
    }),
    dpopBound: signer('dpopBound', 'https://dpop.example/cb', { dpop_bound_access_tokens: true }),
    ps256: signer('ps256', 'https://ps.example/cb', { token_endpoint_auth_signing_alg: 'PS256' }),
    ed25519: signer('ed25519', 'https://ed.example/cb'),
    certificateBound: signer('certificateBound', 'https://cert.example/cb', {
      tls_client_certificate_bound_access_tokens: true,
    }),
    bothBound: signer('bothBound', 'https://both.example/cb', {
      dpop_bound_access_tokens: true,
      tls_client_certificate_bound_access_tokens: true,
    }),
    mtlsPki: await mtls(
      'mtlsPki',
      'https://pki.example/cb',
      await issue('CN=client one,O=TPP,C=DE'),
      {
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=client one,O=TPP,C=DE',
      },
    ),
    mtlsPki2: await mtls(
      'mtlsPki2',
      'https://pki2.example/cb',
      await issue('CN=client two,O=TPP,C=DE'),
      {
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=client two,O=TPP,C=DE',
      },
    ),
    mtlsSelfSigned: await mtls(
      'mtlsSelfSigned',
      'https://self.example/cb',
      { cert: selfSigned.pem, key: selfSigned.keyPem },
      {
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [selfSigned.jwk] },
      },
    ),
    native: signer('native', 'http://127.0.0.1:7777/cb', { application_type: 'native' }),
    resourceServer: signer('resourceServer', 'https://rs.example/cb'),
    noRefresh: signer('noRefresh', 'https://nr.example/cb', {
      grant_types: ['authorization_code'],
    }),
  }
  const users = {
    alice: {
      username: 'alice',
      password: 'alice has a long password',
      sub: 'sub-alice',
      totp_secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
    },
    carol: { username: 'carol', password: 'carol has a long password', sub: 'sub-carol' },
  }
  const stranger = await createSelfSigned({ subject: 'CN=stranger' })
  const fixtures: Fixtures = {
    clients: Object.fromEntries(
      Object.entries(clients).map(([name, { fixture }]) => [name, fixture]),
    ) as Fixtures['clients'],
    users,
    strangers: {
      selfSigned: { cert: stranger.pem, key: stranger.keyPem },
      sameAuthority: await issue('CN=somebody else,O=TPP,C=DE'),
      otherAuthority: await issue('CN=client one,O=TPP,C=DE', otherCa),
    },
    clientAuthority: { cert: ca.pem, key: ca.keyPem },
  }
  const claims = {
    name: 'Alice Liddell',
    given_name: 'Alice',
    family_name: 'Liddell',
    email: 'alice@example.com',
    email_verified: true,
    birthdate: '1852-05-04',
  }
  return {
    fixtures,
    clientCaPem: ca.pem,
    config: {
      issuer: {
        authentication: { factors: 1 },
        scopes: {
          accounts: { title: 'Your accounts', description: 'See your accounts and balances.' },
        },
        // The other types are for the bank API, so that a grant may hold details for two.
        authorization_details_types: {
          patient_record: { resource_servers: ['https://other-api.example'] },
          // Nothing is bound that could say what may be chosen.
          'urn:test:unavailable': {
            use: 'account_information',
            enrich: { accounts: { service: 'NOT_BOUND' } },
          },
        },
      },
      clients: Object.values(clients).map(({ metadata }) => metadata),
      users: Object.values(users).map((user) => ({ ...user, claims })),
      resource_servers: [
        {
          identifier: 'https://other-api.example',
          name: 'Other API',
          scopes: ['accounts'],
          introspection_clients: ['client-resourceserver'],
        },
      ],
    },
  }
}
