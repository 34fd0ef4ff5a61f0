import { explain, misuse } from '../../cli/failure.ts'
import { send } from '../../test/support/http.ts'
import { endpointsOf, nonceOf } from '../../test/support/wire-server.ts'
import { fileBeside, fixtureOf, readConfig } from './config.ts'
import { makeWorld } from './make-world.ts'
import { documentsOf } from './metadata.ts'
import type { World } from './world.ts'

/**
 * The world of any issuer: its metadata, and what the configuration file tells besides.
 *
 * @example const world = await openWorldOutside('https://as.example', 'attack.json')
 */
export async function openWorldOutside(issuer: string, configPath: string): Promise<World> {
  const config = readConfig(configPath)
  const ca = config.ca === undefined ? undefined : fileBeside(configPath, config.ca)
  const metadata = await readMetadata(issuer, ca)
  const aliases = metadata['mtls_endpoint_aliases'] as Readonly<Record<string, string>> | undefined
  const alias = aliases?.['token_endpoint']
  const fixture = (client: (typeof config.clients)[number]) => ({
    scope: 'openid',
    // RFC 9126 2.1: a pushed request holds what an authorization request does.
    namesItself: true,
    ...fixtureOf(client, configPath),
  })
  const [first, second] = config.clients
  const { people = [], resource, sign_in: signIn } = config
  const { resource_server: resourceServer, certificate_client: certificate } = config
  const endpoints = endpointsOf(metadata)
  const server = {
    issuer,
    endpoints,
    ...(ca === undefined ? {} : { ca }),
    ...(alias === undefined ? {} : { mtls: new URL(alias).origin }),
  }
  return makeWorld({
    server,
    metadata,
    nonces: (await nonceOf(endpoints.main['/par'] ?? issuer, server)) !== undefined,
    clients: [fixture(first), fixture(second)],
    people,
    ...(signIn === undefined ? {} : { signIn: withDefaults(signIn) }),
    ...(resource === undefined ? {} : { resource }),
    ...(resourceServer === undefined ? {} : { resourceServer: fixture(resourceServer) }),
    ...(certificate === undefined ? {} : { certificateClient: fixture(certificate) }),
  })
}

type SignIn = NonNullable<ReturnType<typeof readConfig>['sign_in']>

const withDefaults = (signIn: SignIn): SignIn =>
  'forms' in signIn ? { forms: { ...signIn.forms, otp: signIn.forms.otp ?? 'otp' } } : signIn

async function readMetadata(
  issuer: string,
  ca: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  if (!URL.canParse(issuer) || !/^https?:$/.test(new URL(issuer).protocol))
    throw misuse(`--issuer must be an http or https URL, not '${issuer}'.`)
  for (const document of documentsOf(issuer)) {
    const { status, json } = await send(document, ca === undefined ? {} : { ca }).catch(
      (error: unknown) => {
        throw misuse(`The issuer ${issuer} cannot be reached: ${explain(error)}.`)
      },
    )
    if (status !== 200) continue
    // RFC 8414 3.3: metadata of somebody else must not be used.
    if (json['issuer'] !== issuer)
      throw misuse(`The metadata at ${document} is of another issuer than ${issuer}.`)
    if (typeof json['pushed_authorization_request_endpoint'] !== 'string')
      throw misuse(`The issuer ${issuer} takes no pushed authorization requests.`)
    return json
  }
  throw misuse(`The issuer ${issuer} publishes no metadata.`)
}
