import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as client from 'openid-client'
import { discover } from './client.ts'
import type { FlowSettings } from './client.ts'
import { signIn } from './sign-in.ts'
import { promise, short } from './steps.ts'
import type { Storyteller } from './steps.ts'

export type SignedSettings = FlowSettings & {
  /** State folder of the server: it holds the operator's key, and takes the exported files. */
  readonly state: string
}

/**
 * Plays one flow of the message signing profile with the stock `openid-client`, and shows what is left of
 * it afterwards: evidence that verifies without the server, and no longer does when one byte is changed.
 */
export async function playSignedFlow(
  { step }: Storyteller,
  settings: SignedSettings,
): Promise<void> {
  const { issuer, redirectUri, clientId, clientKey, clientKeyId } = settings
  const config = await discover(settings, settings.fetch)
  client.useJwtResponseMode(config)
  const dpop = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
  const state = client.randomState()
  const nonce = client.randomNonce()
  const verifier = client.randomPKCECodeVerifier()

  await step('Discovery', 'The server wants every request signed and signs every answer.', () => {
    const server = config.serverMetadata()
    promise(server.require_signed_request_object === true, 'signed requests are required')
    const modes = server.response_modes_supported ?? []
    promise(
      modes.every((mode) => mode.includes('jwt')),
      'signed responses alone',
      modes.join(' '),
    )
    return Promise.resolve({ 'response modes': modes.join(' ') })
  })

  const parameters = {
    redirect_uri: redirectUri,
    scope: 'openid accounts',
    response_mode: 'jwt',
    grant_management_action: 'create',
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }
  await step('Unsigned', 'The same request without a signature is refused.', async () => {
    const error = await client
      .buildAuthorizationUrlWithPAR(config, parameters, { DPoP: dpop })
      .then(
        () => 'taken',
        (problem: unknown) =>
          problem instanceof client.ResponseBodyError ? problem.error : String(problem),
      )
    promise(error === 'invalid_request', 'the error invalid_request', error)
    return { error }
  })

  let request = new URL(issuer)
  await step(
    'Signed request',
    'The client signs what it asks for (RFC 9101) and pushes it.',
    async () => {
      const key = { key: clientKey, kid: clientKeyId }
      const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, key)
      const jws = signed.searchParams.get('request') ?? ''
      request = await client.buildAuthorizationUrlWithPAR(config, signed.searchParams, {
        DPoP: dpop,
      })
      const { header, payload } = read(jws)
      return {
        header: JSON.stringify(header),
        'signed for': String(payload['aud']),
        'signed by': String(payload['iss']),
        'it asks for': String(payload['scope']),
        request_uri: short(request.searchParams.get('request_uri') ?? ''),
      }
    },
  )

  let answer = new URL(redirectUri)
  await step(
    'Signed answer',
    'The person approves; the answer is one signed parameter.',
    async () => {
      const page = await signIn(settings, request)
      const done = await page.submit('approve')
      promise(done.redirectedTo !== undefined, 'a redirect to the client', done.words)
      answer = done.redirectedTo
      const names = [...answer.searchParams.keys()].join(' ')
      promise(names === 'response', "nothing but 'response'", names)
      const { header, payload } = read(answer.searchParams.get('response') ?? '')
      promise(
        payload['iss'] === issuer && payload['aud'] === clientId,
        'from this server to this client',
      )
      promise(payload['state'] === state, "the client's state", payload['state'])
      return {
        header: JSON.stringify(header),
        iss: String(payload['iss']),
        aud: String(payload['aud']),
        'lives for': `${Number(payload['exp']) - Number(payload['iat'])} s`,
      }
    },
  )

  let grant = ''
  await step('Token', 'The stock client checks the answer and redeems the code.', async () => {
    const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
    const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, {
      DPoP: dpop,
    })
    grant = String(tokens['grant_id'])
    promise(/^[0-9a-f]{64}$/.test(grant), 'the id of the grant', grant)
    return { token_type: tokens.token_type, scope: tokens.scope, grant_id: short(grant) }
  })

  const file = join(settings.state, 'evidence.json')
  await step('Evidence', 'The operator exports what was recorded of this grant.', async () => {
    const exported = await fapi(settings, 'evidence', 'export', grant, '--out', file)
    promise(exported.status === 0, 'a file', exported.text)
    return { file: 'evidence.json', bytes: (await readFile(file)).length }
  })
  await step('Verified', 'Anybody can verify it: no server, no network, no secret.', async () => {
    const { status, text } = await fapi(settings, 'evidence', 'verify', file)
    promise(status === 0 && text.includes('signed by client'), 'a sound chain', text)
    return { status, 'it says': text.trim() }
  })
  await step('One byte', 'Somebody changes one byte of the file.', async () => {
    const text = await readFile(file, 'utf8')
    const forged = join(settings.state, 'forged.json')
    await writeFile(forged, text.replace('"openid accounts"', '"openid accountz"'))
    const found = await fapi(settings, 'evidence', 'verify', forged)
    promise(found.status !== 0, 'a refusal', found.text)
    return { status: found.status, 'it says': found.text.trim() }
  })
}

function read(
  jws: string,
): Readonly<Record<'header' | 'payload', Readonly<Record<string, unknown>>>> {
  const [header, payload] = jws
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString() || '{}') as object)
  return { header: { ...header }, payload: { ...payload } }
}

/** Runs the operator's command line as an operator does. */
async function fapi(
  { issuer, state }: SignedSettings,
  ...words: readonly string[]
): Promise<{ readonly status: number; readonly text: string }> {
  const program = join(import.meta.dirname, '../../cli/fapi.ts')
  const child = spawn(process.execPath, [program, ...words, '--issuer', issuer, '--state', state], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      text += part.toString()
    })
  }
  const status = await new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? 1))
  })
  return { status, text }
}
