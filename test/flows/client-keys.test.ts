import { describe, expect, inject, it } from 'vitest'
import { openAdmin, registerClient } from '../support/admin.ts'
import { refusal } from '../support/refusal.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import type { TestClient } from '../support/test-client.ts'

const web = testClient('web')
const key = await makeDpopKey()
const grant = { grant_type: 'client_credentials', scope: 'accounts' }
const ask = (client: TestClient) => client.post('/token', grant, { key })

describe('the registered keys of a client', () => {
  it('SP-CR-10 may share a kid: each is tried by its type', async () => {
    const [ec, rsa, okp] = await Promise.all([
      makeDpopKey('ES256'),
      makeDpopKey('PS256'),
      makeDpopKey('EdDSA'),
    ])
    const keys = [ec, rsa, okp].map(({ publicJwk }) => ({ ...publicJwk, kid: 'same' }))
    const { fixture } = await registerClient(await openAdmin(), { jwks: { keys } })
    for (const { jwk, alg } of [ec, rsa, okp]) {
      const client = testClient({ ...fixture, jwk: { ...jwk, kid: 'same' }, alg })
      expect((await ask(client)).status, alg).toBe(200)
    }
    const stranger = await makeDpopKey()
    const client = testClient({ ...fixture, jwk: { ...stranger.jwk, kid: 'same' } })
    expect(refusal(await ask(client))).toBe('401 invalid_client')
  })

  it('section 5-2 verify the registered algorithm only, when one is registered', async () => {
    const [ec, rsa] = await Promise.all([makeDpopKey('ES256'), makeDpopKey('PS256')])
    const jwks = { keys: [ec.publicJwk, rsa.publicJwk] }
    const token_endpoint_auth_signing_alg = 'PS256'
    const extra = { jwks, token_endpoint_auth_signing_alg }
    const { fixture } = await registerClient(await openAdmin(), extra)
    expect((await ask(testClient({ ...fixture, jwk: rsa.jwk, alg: 'PS256' }))).status).toBe(200)
    const other = await ask(testClient({ ...fixture, jwk: ec.jwk, alg: 'ES256' }))
    expect(refusal(other)).toBe('401 invalid_client')
  })
})

describe('a client known by its certificate', () => {
  const pki = testClient('mtlsPki')
  const credential = testClient('mtlsPki2').fixture.credential

  it('1.6 is refused without certificate, with another client’s and with a stranger’s', async () => {
    expect((await pki.post('/token', grant)).status).toBe(200)
    expect(refusal(await pki.post('/token', grant, { side: 'main' }))).toBe('401 invalid_client')
    if (credential === undefined) throw new Error('the client has a certificate')
    expect(refusal(await pki.post('/token', grant, { credential }))).toBe('401 invalid_client')
    const { sameAuthority } = inject('fixtures').strangers
    const stranger = await pki.post('/token', grant, { credential: sameAuthority })
    expect(refusal(stranger)).toBe('401 invalid_client')
  })

  it('SP-AS-06 uses the method it registered and no other', async () => {
    const { clientId } = pki.fixture
    const fields = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await web.assertion({ claims: { iss: clientId, sub: clientId } }),
    }
    expect(refusal(await pki.post('/token', grant, { fields }))).toBe('401 invalid_client')
    // The other way round: a client that signs is not let in by a certificate.
    const signer = { client_id: web.fixture.clientId }
    const answer = await pki.post('/token', grant, { fields: signer })
    expect(refusal(answer)).toBe('401 invalid_client')
  })
})
