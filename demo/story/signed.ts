import * as client from 'openid-client'
import type { FlowSettings, Tokens } from './client.ts'
import { promise } from './steps.ts'
import type { Storyteller } from './steps.ts'

type Holder = { readonly tokens: Tokens; readonly dpop: client.DPoPHandle }

/** A request and an answer that neither side can deny later: both signed, the answer tied to its request. */
export async function playSigned(
  { step }: Storyteller,
  settings: FlowSettings & { readonly config: client.Configuration },
  holder: Holder,
): Promise<void> {
  const { api, config } = settings
  const plainFetch = config[client.customFetch] ?? settings.fetch
  await step(
    'POST /accounts/current/statements',
    'The client signs what it orders, and the API signs its answer to that (RFC 9421).',
    async () => {
      const url = `${api}/accounts/current/statements`
      const unsigned = await order(config, url, holder)
      promise(unsigned.status === 401, 'a refusal without signature', unsigned.status)
      config[client.customFetch] = await signingFetch(settings)
      const answer = await order(config, url, holder)
      promise(answer.status === 201, 'an answer whose signature verifies', answer.status)
      const [, covered = '', keyId] =
        /\((.*)\).*keyid="(.*?)"/.exec(answer.headers.get('signature-input') ?? '') ?? []
      return {
        unsigned: unsigned.status,
        signed: answer.status,
        'answer signed by': keyId,
        covering: covered.replaceAll(' "', '\n"'),
      }
    },
  ).finally(() => {
    config[client.customFetch] = plainFetch
  })
}

/** A refusal is an answer here, and not a reason to stop. */
const order = (
  config: client.Configuration,
  url: string,
  { tokens, dpop }: Holder,
): Promise<Response> =>
  client
    .fetchProtectedResource(
      config,
      tokens.access_token,
      new URL(url),
      'POST',
      JSON.stringify({ year: 2025 }),
      new Headers({ 'content-type': 'application/json' }),
      { DPoP: dpop },
    )
    .catch((error: unknown) => {
      if (error instanceof client.WWWAuthenticateChallengeError) return error.response
      throw error
    })

/** Signs with the client's registered key, and trusts the keys that the API publishes (RFC 9728). */
async function signingFetch({ api, fetch, clientJwk }: FlowSettings): Promise<client.CustomFetch> {
  const metadata = await readJson(fetch, `${api}/.well-known/oauth-protected-resource`)
  const { keys } = await readJson(fetch, String(metadata['jwks_uri']))
  const { signedFetch } = await importSignedFetch()
  return signedFetch({ fetch, key: clientJwk, serverKeys: async () => keys })
}

async function readJson(fetch: FlowSettings['fetch'], url: string) {
  const response = await fetch(url)
  promise(response.status === 200, `${url} is published`, response.status)
  return (await response.json()) as Readonly<Record<string, unknown>>
}

type Signed = {
  readonly signedFetch: (options: {
    readonly fetch: FlowSettings['fetch']
    readonly key: unknown
    readonly serverKeys: () => Promise<unknown>
  }) => client.CustomFetch
}

/** The path is hidden from the type checker: the types of the Worker and of Node contradict each other. */
async function importSignedFetch(): Promise<Signed> {
  const path = '../../src/http-signatures/client.ts'
  return (await import(path)) as Signed
}
