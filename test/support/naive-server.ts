import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * An authorization server that speaks the protocol and checks nothing at all, as a target for the attacks
 * that must notice it; or one that refuses everything, whose fixtures must be called broken.
 */
export type NaiveServer = {
  readonly issuer: string
  readonly close: () => Promise<void>
}

type Reply = {
  readonly status?: number
  readonly json?: object
  readonly html?: string
  readonly to?: string
}

const documents = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']

const random = (): string => randomBytes(24).toString('base64url')

export async function startNaiveServer(
  options: { readonly refuses?: boolean } = {},
): Promise<NaiveServer> {
  const pushed = new Map<string, URLSearchParams>()
  const server = createServer((request, response) => {
    void answer(request).then(
      (reply) => render(reply, response),
      () => render({ status: 500 }, response),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(request: IncomingMessage): Promise<Reply> {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer)
    const form = new URLSearchParams(await bodyOf(request))
    if (documents.some((path) => (options.refuses === true ? pathname === path : pathname.startsWith(path)))) return { json: metadataOf(issuer) } // prettier-ignore
    if (options.refuses === true) return { status: 400, json: { error: 'invalid_request' } }
    const reference = searchParams.get('request_uri') ?? form.get('request_uri') ?? ''
    // Whatever comes last through the browser wins.
    const asked = new Map([...(pushed.get(reference) ?? []), ...searchParams])
    switch (pathname) {
      case '/par': {
        const requestUri = `urn:ietf:params:oauth:request_uri:${pushed.size}`
        pushed.set(requestUri, form)
        return { status: 201, json: { request_uri: requestUri, expires_in: 60 } }
      }
      case '/authorize':
        return { html: page('/login', 'login', { request_uri: reference, to: asked.get('redirect_uri') ?? '', state: asked.get('state') ?? '' }, ['username', 'password']) } // prettier-ignore
      case '/login':
        return {
          html: page(
            '/consent',
            'approve',
            { to: form.get('to') ?? '', state: form.get('state') ?? '' },
            [],
          ),
        }
      case '/consent': {
        const told = form.get('to') ?? ''
        const to = new URL(URL.canParse(told) ? told : 'https://nowhere.example/cb')
        to.search = new URLSearchParams({ code: random(), state: form.get('state') ?? '' }).toString() // prettier-ignore
        return { status: 307, to: to.href }
      }
      case '/token':
        return { json: { access_token: random(), refresh_token: random(), token_type: 'Bearer', expires_in: 300, scope: form.get('scope') ?? 'openid' } } // prettier-ignore
      case '/introspect':
        return { json: { active: true } }
      default:
        return { json: {} }
    }
  }

  return {
    issuer,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A page with one form, made of whatever it was sent. */
function page(
  action: string,
  button: string,
  hidden: Readonly<Record<string, string>>,
  asked: readonly string[],
): string {
  const fields = Object.entries(hidden).map(([name, value]) => `<input name="${name}" value="${value}">`) // prettier-ignore
  const empty = asked.map((name) => `<input name="${name}">`)
  return `<form method="post" action="${action}">${[...fields, ...empty].join('')}<button id="${button}">Go</button></form>`
}

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  pushed_authorization_request_endpoint: `${issuer}/par`,
  token_endpoint: `${issuer}/token`,
  introspection_endpoint: `${issuer}/introspect`,
  revocation_endpoint: `${issuer}/revoke`,
  userinfo_endpoint: `${issuer}/userinfo`,
  grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
})

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function render({ status = 200, json, html, to }: Reply, response: ServerResponse): void {
  response.statusCode = status
  if (to !== undefined) response.setHeader('location', to)
  response.setHeader('content-type', html === undefined ? 'application/json' : 'text/html')
  response.end(html ?? JSON.stringify(json ?? {}))
}
