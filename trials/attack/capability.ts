/** What an issuer, and what was told about it, must offer for a scenario to be mounted. */
export const capabilities = {
  person: 'somebody who can sign in and approve',
  pages: 'sign-in pages that can be walked without scripts',
  people: 'a second person',
  refresh: 'refresh tokens',
  credentials: 'the client_credentials grant',
  dpop: 'DPoP',
  mtls: 'a client that authenticates with a certificate',
  assertions: 'clients that authenticate with private_key_jwt',
  openid: 'the openid scope',
  resource: 'a resource server',
  introspection: 'an introspection endpoint and a resource server that may use it',
  revocation: 'a revocation endpoint',
  userinfo: 'a userinfo endpoint',
  requestObjects: 'signed request objects',
  responseModes: 'signed authorization responses',
  details: 'authorization details that a client may ask for',
  grants: 'grant management',
  operator: 'an operator who may register clients and people',
  clock: 'a clock that can be moved',
  outbound: 'a host of ours that the server would call',
  disposable: 'a server that may be locked up for a while',
  headers: 'storage prices in its answers',
  log: 'what the server writes to its log',
  https: 'an address with https',
} as const

export type Capability = keyof typeof capabilities
