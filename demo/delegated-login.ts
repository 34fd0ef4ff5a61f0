import { readFileSync } from 'node:fs'
import type { MiniflareOptions } from 'miniflare'
import type { ConfigFile } from './config-file.ts'
import { isJson } from './json.ts'
import type { Options } from './options.ts'
import { messageOf, stop } from './problem.ts'

/** The example login, unless `--login-worker` names another. */
const exampleLogin = 'demo/worker/example-login.ts'

type Bindings = NonNullable<MiniflareOptions['workers'][number]['config']['env']>
type Binding = Extract<Bindings[string], { type: 'fetcher' }>

/** Bindings that the settings name, and what stands behind them on this machine. */
export type DelegatedBindings = {
  readonly login?: { readonly name: string; readonly entry: string }
  readonly certificate?: { readonly name: string; readonly binding: Binding }
}

/** Reads which bindings the settings name, or stops with a sentence where their files are missing. */
export function readBindings(options: Options, config: ConfigFile): DelegatedBindings {
  const authentication = config.issuer['authentication']
  const named = (member: string, name: string): string | undefined => {
    const login = isJson(authentication) ? authentication[member] : undefined
    const value = isJson(login) ? login[name] : undefined
    return typeof value === 'string' ? value : undefined
  }
  const login = named('delegate', 'binding')
  const certificate = named('upstream', 'certificate_binding')
  if (login === undefined && options.loginWorker !== undefined) {
    stop('--login-worker needs issuer.authentication.delegate in the configuration file.')
  }
  return {
    ...(login === undefined
      ? {}
      : { login: { name: login, entry: options.loginWorker ?? exampleLogin } }),
    ...(certificate === undefined
      ? {}
      : { certificate: { name: certificate, binding: bindCertificate(certificate, options) } }),
  }
}

/** What an mTLS certificate binding is in production: a `fetch` that presents this certificate. */
function bindCertificate(name: string, options: Options): Binding {
  const { clientCertificate, upstreamCa } = options
  if (clientCertificate === undefined) {
    return stop(`The settings bind the certificate ${name}; add --client-certificate FILE.`)
  }
  const pem = readPem(clientCertificate, '--client-certificate')
  const ca = upstreamCa === undefined ? {} : { ca: readPem(upstreamCa, '--upstream-ca') }
  const trust = { ...ca, certificate: { cert: pem, key: pem } }
  return {
    type: 'fetcher',
    handler: async (request) => {
      const { createFetch } = await import('../cli/fetch-with-ca.ts')
      const { Response } = await import('miniflare')
      const answer = await createFetch(trust)(request.url, {
        method: request.method,
        headers: Object.fromEntries(request.headers),
        ...(request.body === null ? {} : { body: await request.arrayBuffer() }),
      })
      const { status } = answer
      const body = [204, 205, 304].includes(status) ? null : await answer.arrayBuffer()
      return new Response(body, { status, headers: [...answer.headers] })
    },
  }
}

function readPem(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    return stop(`The file ${path} (${flag}) cannot be read: ${messageOf(error)}.`)
  }
}
