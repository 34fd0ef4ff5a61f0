import { beforeAll, describe, expect, it } from 'vitest'
import { openAdmin, putClient } from '../support/admin.ts'
import type { Admin } from '../support/admin.ts'
import { makeDpopKey } from '../support/test-client.ts'
import { sharedServer } from '../support/worker-server.ts'

let admin: Admin
beforeAll(async () => {
  admin = await openAdmin()
})

describe('registration of an address', () => {
  const refused: readonly string[] = [
    'http://keys.example/jwks',
    'ftp://keys.example/jwks',
    'file:///etc/passwd',
    'data:application/json,{}',
    'https://127.0.0.1/jwks',
    'https://2130706433/jwks',
    'https://0x7f.1/jwks',
    'https://[::1]/jwks',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/jwks',
    'https://LOCALHOST/jwks',
    'https://localhost./jwks',
    'https://keys.localhost/jwks',
    'https://keys/jwks',
    'https://keys.example:8443/jwks',
    'https://user:password@keys.example/jwks',
    'https://user@keys.example/jwks',
    'https://metadata.google.internal/jwks',
    'https://keys.internal/jwks',
    'https://keys.internal./jwks',
    'https://keys.local/jwks',
    'https://keys.localdomain/jwks',
    'https://keys.home.arpa/jwks',
    'https://keys.example/jwks#fragment',
    'keys.example/jwks',
    'https://',
  ]
  for (const uri of refused) {
    it(`SP-TLS-01 refuses ${uri}`, async () => {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: uri }
      const { status, json } = await putClient(admin, 'remote-refused', metadata)
      expect(status).toBe(400)
      expect(json).toMatchObject({ error: 'invalid_client_metadata' })
      expect((await admin.request('GET', '/clients/remote-refused')).status).toBe(404)
    })
  }

  it('SP-TLS-01 refuses the server’s own addresses', async () => {
    const { issuer, mtls } = sharedServer()
    for (const origin of [issuer, mtls]) {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${origin}/jwks` }
      const { status, json } = await putClient(admin, 'remote-refused', metadata)
      expect(status).toBe(400)
      expect(json).toMatchObject({ error: 'invalid_client_metadata' })
    }
  })

  it('SP-AS-06 refuses keys beside an address of keys, and neither', async () => {
    const { publicJwk } = await makeDpopKey()
    const both = { jwks: { keys: [publicJwk] }, jwks_uri: 'https://keys.example/jwks' }
    for (const keys of [both, {}]) {
      const metadata = { token_endpoint_auth_method: 'private_key_jwt', ...keys }
      const { status, json } = await putClient(admin, 'remote-refused', metadata)
      expect(status).toBe(400)
      expect(json).toMatchObject({ error: 'invalid_client_metadata' })
    }
  })

  it('SP-TLS-01 takes an address of https and a public name', async () => {
    const metadata = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://keys.example/jwks' } // prettier-ignore
    const { status, json } = await putClient(admin, 'remote-public', metadata)
    expect(status).toBe(201)
    expect(json).toMatchObject(metadata)
  })
})
