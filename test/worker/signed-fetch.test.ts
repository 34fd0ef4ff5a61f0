import { describe, expect, it } from 'vitest'
import type { PublicJwk } from '../../src/clients/jwks.ts'
import { UnverifiedResponse, signedFetch } from '../../src/http-signatures/client.ts'
import type { SignedInit } from '../../src/http-signatures/client.ts'
import { signResponse, verifyRequest } from '../../src/http-signatures/fapi.ts'
import { chooseVerifier, importSigner } from '../../src/http-signatures/keys.ts'

/* The same code in workerd, where clients may run as well. */

const rsa = {
  name: 'RSA-PSS',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: 'SHA-512',
}
const kinds = {
  'ecdsa-p256-sha256': { name: 'ECDSA', namedCurve: 'P-256' },
  'rsa-pss-sha512': rsa,
  ed25519: { name: 'Ed25519' },
}

async function makeKey(algorithm: keyof typeof kinds, kid: string) {
  const pair = (await crypto.subtle.generateKey(kinds[algorithm], true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  // As text, as keys travel: workerd exports the members a key does not have, too.
  const exported = async (key: CryptoKey) =>
    JSON.parse(JSON.stringify(await crypto.subtle.exportKey('jwk', key))) as PublicJwk
  const [jwk, publicJwk] = [await exported(pair.privateKey), await exported(pair.publicKey)]
  return { jwk: { ...jwk, kid }, publicJwk: { ...publicJwk, kid } }
}

describe('signedFetch in a Worker', () => {
  it.each(Object.keys(kinds) as (keyof typeof kinds)[])(
    'HS-RQ-02 HS-RQ-10 HS-RS-03 signs with %s and takes only what was signed for its request',
    async (algorithm) => {
      const client = await makeKey(algorithm, 'client-1')
      const server = await makeKey(algorithm, 'rs-1')
      let tampered = false
      const fetch = async (targetUri: string, { method, headers, body }: SignedInit) => {
        const request = { method, targetUri, headers }
        const keys = (keyId: string | undefined) => chooseVerifier([client.publicJwk], keyId)
        const given = { ...request, content: body ?? new Uint8Array(0) }
        const { ok } = await verifyRequest(given, { keys, now: Date.now() })
        const content = new TextEncoder().encode(JSON.stringify({ ok }))
        const signed = await signResponse(
          { status: 200, headers: new Headers(), content, request },
          { signer: await importSigner(server.jwk), keyId: 'rs-1', now: Date.now() },
        )
        return new Response(tampered ? '{"ok":"no"}' : content, { headers: signed })
      }
      const serverKeys = async () => [server.publicJwk]
      const send = signedFetch({ fetch, key: client.jwk, serverKeys })
      const init = { method: 'POST', headers: { authorization: 'Bearer t' }, body: '{"a":1}' }
      const answer = await send('https://rs.example/a?b=c', init)
      expect([answer.status, await answer.json()]).toEqual([200, { ok: true }])
      tampered = true
      const refused = await send('https://rs.example/a', init).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(UnverifiedResponse)
    },
  )
})
