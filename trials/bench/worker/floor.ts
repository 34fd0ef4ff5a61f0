import { DurableObject } from 'cloudflare:workers'

/*
 * The floor: the least a Worker can do for a token request and still be one. It verifies the same two
 * signatures, inserts one unique row into one Durable Object and signs one token. It judges nothing
 * else: no claims, no registration, no nonce, no second storage call. It shows what the platform costs.
 * With `CALLS` 2 it asks two objects side by side, as a token request must that decides about an assertion
 * and a proof where each belongs: what the platform alone costs then.
 */

type FloorEnv = {
  readonly ONCE: DurableObjectNamespace<Once>
  /** How many objects each request asks: 1 or 2. */
  readonly CALLS: number
  /** Public JWK of the one client. */
  readonly CLIENT_KEY: JsonWebKey
  /** Private JWK that signs the tokens. */
  readonly SIGNING_KEY: JsonWebKey
}

export class Once extends DurableObject<FloorEnv> {
  constructor(state: DurableObjectState, env: FloorEnv) {
    super(state, env)
    const columns = '(key TEXT PRIMARY KEY) WITHOUT ROWID'
    state.storage.sql.exec(`CREATE TABLE IF NOT EXISTS used ${columns}`)
  }

  /** Takes a key once. */
  use(key: string): boolean {
    const insert = 'INSERT INTO used (key) VALUES (?) ON CONFLICT DO NOTHING RETURNING 1'
    return this.ctx.storage.sql.exec(insert, key).toArray().length === 1
  }
}

const curve = { name: 'ECDSA', namedCurve: 'P-256' }
const ecdsa = { name: 'ECDSA', hash: 'SHA-256' }
const encoder = new TextEncoder()
const decoder = new TextDecoder()

const encode = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')

const decode = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0))

const encodeJson = (value: unknown): string => encode(encoder.encode(JSON.stringify(value)))
const decodeJson = (text: string): Readonly<Record<string, unknown>> =>
  JSON.parse(decoder.decode(decode(text))) as Readonly<Record<string, unknown>>

const keys = new Map<string, CryptoKey>()

async function keyOf(jwk: JsonWebKey, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const name = `${use} ${jwk.x} ${jwk.y}`
  const known = keys.get(name)
  if (known !== undefined) return known
  const { kty, crv, x, y, d } = jwk
  const bare = { kty, crv, x, y, ...(use === 'sign' ? { d } : {}) } as JsonWebKey
  const key = await crypto.subtle.importKey('jwk', bare, curve, false, [use])
  keys.set(name, key)
  return key
}

async function verify(token: string, key: CryptoKey): Promise<boolean> {
  const end = token.lastIndexOf('.')
  const input = encoder.encode(token.slice(0, end))
  return crypto.subtle.verify(ecdsa, key, decode(token.slice(end + 1)), input)
}

export default {
  async fetch(request: Request, env: FloorEnv): Promise<Response> {
    const form = new URLSearchParams(await request.text())
    const assertion = form.get('client_assertion') ?? ''
    const proof = request.headers.get('dpop') ?? ''
    const head = decodeJson(proof.split('.')[0] ?? '')
    const claims = decodeJson(assertion.split('.')[1] ?? '')
    const known = await verify(assertion, await keyOf(env.CLIENT_KEY, 'verify'))
    const held = await verify(proof, await keyOf(head['jwk'] as JsonWebKey, 'verify'))
    const jti = String(claims['jti'])
    const names = ['once', 'twice'].slice(0, env.CALLS)
    const fresh = await Promise.all(names.map((name) => env.ONCE.getByName(name).use(jti)))
    if (!known || !held || fresh.includes(false))
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    const iat = Math.floor(Date.now() / 1000)
    const { sub } = claims
    const body = { iss: claims['aud'], sub, client_id: sub, iat, exp: iat + 300 }
    const input = `${encodeJson({ alg: 'ES256', typ: 'at+jwt' })}.${encodeJson(body)}`
    const signing = await keyOf(env.SIGNING_KEY, 'sign')
    const signature = await crypto.subtle.sign(ecdsa, signing, encoder.encode(input))
    const token = `${input}.${encode(new Uint8Array(signature))}`
    return Response.json({ access_token: token, token_type: 'DPoP', expires_in: 300 })
  },
}
