import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Validator } from '@cfworker/json-schema'
import { misuse } from '../../cli/failure.ts'
import type { ClientFixture, PrivateJwk } from '../../test/support/fixtures.ts'
import schema from '../../docs/attack.schema.json' with { type: 'json' }
import type { FormNames, SomebodyToSignIn } from './pages.ts'

/** A client as the configuration file tells of it; see `docs/attack.schema.json`. */
export type ClientConfig = {
  readonly client_id: string
  readonly redirect_uri: string
  readonly scope?: string
  /** Private key of its assertions, with `kid` and `alg`. */
  readonly jwk?: PrivateJwk
  /** PEM files, beside the configuration file. */
  readonly certificate?: { readonly cert: string; readonly key: string }
}

/** What is told of an issuer besides its metadata. */
export type AttackConfig = {
  readonly clients: readonly [ClientConfig, ClientConfig]
  readonly people?: readonly SomebodyToSignIn[]
  readonly sign_in?: { readonly forms: FormNames } | { readonly command: readonly string[] }
  readonly resource?: string
  readonly resource_server?: ClientConfig
  readonly certificate_client?: ClientConfig
  /** PEM file of an authority to trust. */
  readonly ca?: string
}

/** Reads a configuration file; what is wrong with it is said in one sentence. */
export function readConfig(path: string): AttackConfig {
  const given = parse(path)
  const { valid, errors } = new Validator(schema as object, '2020-12', false).validate(given)
  if (!valid) {
    // The last error is the deepest, which says most.
    const { instanceLocation = '#', error = '' } = errors.at(-1) ?? {}
    throw misuse(`${path}: ${instanceLocation} ${error.replace(/\.$/, '')}.`)
  }
  return given as AttackConfig
}

function parse(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw misuse(`The configuration file ${path} cannot be read.`)
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw misuse(`The configuration file ${path} is not JSON.`)
  }
}

/** Reads a file that the configuration names, from beside it. */
export function fileBeside(config: string, name: string): string {
  try {
    return readFileSync(resolve(dirname(config), name), 'utf8')
  } catch {
    throw misuse(`${config} names the file ${name}, which cannot be read.`)
  }
}

/** What acts as a client of the configuration. */
export function fixtureOf(client: ClientConfig, config: string): ClientFixture {
  const { client_id: clientId, redirect_uri: redirectUri, scope, jwk, certificate } = client
  return {
    clientId,
    redirectUri,
    ...(scope === undefined ? {} : { scope }),
    ...(jwk === undefined ? {} : { jwk, alg: String(jwk['alg'] ?? 'ES256') }),
    ...(certificate === undefined
      ? {}
      : {
          credential: {
            cert: fileBeside(config, certificate.cert),
            key: fileBeside(config, certificate.key),
          },
        }),
  }
}
