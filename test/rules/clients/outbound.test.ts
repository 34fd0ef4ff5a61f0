import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readSettings } from '../../../src/config.ts'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  checkOutboundUrl,
  fetchJson,
  fetchOutbound,
  OutboundFault,
} from '../../../src/clients/outbound.ts'
import { bank, makeIssuer } from '../support/issuer.ts'

const issuer = makeIssuer()
const verdict = (address: string) => checkOutboundUrl(address, issuer)

describe('checkOutboundUrl', () => {
  it.each([
    'https://tpp.example/jwks', 'https://tpp.example', 'https://keys.tpp.example:443/a?b=c', 'https://tpp.example./jwks',
    'https://xn--bcher-kva.example/jwks', 'https://b\u00fccher.example/jwks', 'https://internal.example/jwks',
    'https://local.example/jwks', 'https://localhost.example/jwks', 'https://mybank.example/jwks',
    'https://as.bank.example.tpp.example/jwks', 'https://127.0.0.1.tpp.example/jwks', 'https://0x7f.example/jwks',
  ])('SP-CR-07 takes %s', (address) => {
    expect(verdict(address)).toBeUndefined()
  }) // prettier-ignore

  it.each([
    'http://tpp.example/jwks', 'HTTP://tpp.example', 'ftp://tpp.example/jwks', 'file:///etc/passwd', 'data:application/json,{}',
    'gopher://tpp.example', 'ws://tpp.example', 'javascript:x', 'blob:https://tpp.example/x', 'urn:x',
  ])('SP-TLS-01 ATK-A1-30 refuses %s, which is not https', (address) => {
    expect(verdict(address)).toBe('jwks_uri must use https')
  }) // prettier-ignore

  it.each(['', '/jwks', '//tpp.example/jwks', 'tpp.example', 'https://', 'https://a b/', 'https://[::1', 'https://tpp.example:99999/', 'https://1.2.3.999/', 'https://%00/'])(
    'refuses %j, which is no URL',
    (address) => {
      expect(verdict(address)).toBe('jwks_uri is not a URL')
    },
  ) // prettier-ignore

  it.each([
    'https://127.0.0.1/', 'https://127.0.0.1./', 'https://127.1/', 'https://2130706433/', 'https://017700000001/', 'https://0x7f000001/',
    'https://0x7f.0.0.1/', 'https://0177.0.0.1/', 'https://127.0.1/', 'https://0/', 'https://0.0.0.0/', 'https://10.0.0.1/',
    'https://172.16.0.1/', 'https://192.168.1.1/', 'https://169.254.169.254/latest/meta-data', 'https://2852039166/',
    'https://0xa9fea9fe/', 'https://0251.0376.0251.0376/', 'https://100.64.0.1/', 'https://192.0.2.1/', 'https://8.8.8.8/',
    'https://255.255.255.255/', 'https://\uff11\uff12\uff17.0.0.1/', 'https://127\u3002 0.0.1/'.replace(' ', ''),
    'https://\u2460\u2461\u2466.0.0.1/', 'https://%31%32%37.0.0.1/', 'https://[::1]/', 'https://[::]/', 'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/', 'https://[fe80::1]/', 'https://[fc00::1]/', 'https://[fd00:ec2::254]/', 'https://[2001:db8::1]/',
    'https://[64:ff9b::7f00:1]/', 'https://[::127.0.0.1]/', 'https://[0:0:0:0:0:0:0:1]:443/',
  ])('ATK-A1-30 refuses %s, which is an IP address', (address) => {
    expect(verdict(address)).toBe('jwks_uri must not use an IP address')
  }) // prettier-ignore

  it.each([
    'https://localhost/', 'https://localhost./', 'https://LOCALHOST/', 'https://localhost../', 'https://app.localhost/',
    'https://intranet/', 'https://metadata/', 'https://metadata.google.internal/', 'https://METADATA.GOOGLE.INTERNAL./',
    'https://printer.local/', 'https://printer.local./', 'https://printer.local../', 'https://host.localdomain/',
    'https://router.home.arpa/', 'https://home.arpa/', 'https://vault.internal/', 'https://tpp..example/', 'https://.tpp.example/',
    'https://lo\u00adcalhost/', 'https://\uff4cocalhost/', 'https://printer\u3002local/', 'https://printer\uff0elocal/',
    'https://printer\uff61local/', 'https://printer%2elocal/', 'https://com/',
  ])('ATK-A1-30 refuses %s, which is no public name', (address) => {
    expect(verdict(address)).toBe('jwks_uri must use a public host name')
  }) // prettier-ignore

  it.each([
    ['https://user@tpp.example/', /user information/],
    ['https://user:pass@tpp.example/', /user information/],
    ['https://:pass@tpp.example/', /user information/],
    ['https://tpp.example@169.254.169.254/', /user information/],
    ['https://169.254.169.254@tpp.example/', /user information/],
    ['https://tpp.example:8443/', /port 443/],
    ['https://tpp.example:80/', /port 443/],
    ['https://tpp.example:22/', /port 443/],
    ['https://tpp.example/#x', /fragment/],
  ])('ATK-A1-30 refuses %s', (address, why) => {
    expect(verdict(address)).toMatch(why)
  })

  it.each([
    'https://as.bank.example/jwks', 'https://AS.bank.example/', 'https://as.bank.example./jwks', 'https://mtls.bank.example/token',
  ])('ATK-A1-30 refuses %s, which is this server', (address) => {
    expect(verdict(address)).toBe('jwks_uri must not point to this server')
  }) // prettier-ignore

  it('ATK-A1-30 refuses the hosts of every other issuer of the deployment', () => {
    const two = { id: 'two', issuer: 'https://as.two.example/t', mtls_origin: 'https://m.two.example', profile: 'fapi2-security' } // prettier-ignore
    const result = readSettings({ issuers: [bank, two] }, { development: false })
    const [first] = result.ok ? result.settings.issuers.filter(({ id }) => id === 'bank') : []
    if (first === undefined) throw new Error('no issuer')
    for (const host of ['as.two.example', 'm.two.example', 'as.bank.example']) {
      expect(checkOutboundUrl(`https://${host}/jwks`, first)).toMatch(/this server/)
    }
    expect(checkOutboundUrl('https://two.example/jwks', first)).toBeUndefined()
  })

  it('takes an origin of the allow-list of a local runtime, and that origin only', () => {
    const allowed = (origin: string) => origin === 'http://127.0.0.1:9999'
    expect(checkOutboundUrl('http://127.0.0.1:9999/jwks', issuer, allowed)).toBeUndefined()
    expect(checkOutboundUrl('http://127.0.0.1:9998/jwks', issuer, allowed)).toMatch(/https/)
    expect(checkOutboundUrl('https://127.0.0.1:9999/jwks', issuer, allowed)).toMatch(/443/)
  })
})

describe('fetchJson', () => {
  let server: Server
  let origin: string
  let answer: RequestListener
  const seen: { url: string | undefined; accept: string | undefined }[] = []

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push({ url: request.url, accept: request.headers.accept })
      answer(request, response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const get = (path = '/jwks', by: typeof fetch = fetch) =>
    fetchJson(`${origin}${path}`, { issuer, allowed: (other) => other === origin, fetch: by })
  const fault = async (path?: string, by?: typeof fetch): Promise<string> => {
    const error: unknown = await get(path, by).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(OutboundFault)
    return (error as OutboundFault).message
  }
  const body =
    (text: string | Uint8Array, status = 200): RequestListener =>
    (_request, response) => {
      response.writeHead(status).end(text)
    }

  it('gives the JSON of an answer', async () => {
    answer = body('{"keys":[]}')
    expect(await get()).toEqual({ keys: [] })
    expect(seen.at(-1)).toEqual({
      url: '/jwks',
      accept: 'application/jwk-set+json, application/json',
    })
  })

  it('makes no call to an address it must not call', async () => {
    const called = vi.fn<typeof fetch>()
    const options = { issuer, allowed: () => false, fetch: called }
    await expect(fetchJson(`${origin}/jwks`, options)).rejects.toThrow(OutboundFault)
    await expect(fetchJson('https://169.254.169.254/', options)).rejects.toThrow(OutboundFault)
    expect(called).not.toHaveBeenCalled()
  })

  it.each([301, 302, 303, 307, 308])(
    'ATK-A1-30 follows no redirect of status %i',
    async (status) => {
      answer = (request, response) => {
        if (request.url === '/jwks') response.writeHead(status, { location: '/elsewhere' }).end()
        else response.end('{"keys":[]}')
      }
      const before = seen.length
      expect(await fault()).toMatch(/^status (0|30\d)$/)
      expect(seen.slice(before).map(({ url }) => url)).toEqual(['/jwks'])
    },
  )

  it.each([201, 204, 400, 404, 500])('takes no answer of status %i', async (status) => {
    answer = body(status === 204 ? '' : '{"keys":[]}', status)
    expect(await fault()).toBe(`status ${status}`)
  })

  it.each([
    ['HTML', '<html>'],
    ['nothing', ''],
    ['cut JSON', '{"keys":['],
    ['two values', '{}{}'],
    ['a byte order mark', '\ufeff{}'],
    ['no UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ])('takes no answer with %s', async (_what, text) => {
    answer = body(text)
    expect(await fault()).toBe('the call failed')
  })

  it('ATK-A1-30 takes 64 KiB and no more, announced or not', async () => {
    answer = body(JSON.stringify('a'.repeat(65_534)))
    expect(await get()).toHaveLength(65_534)
    answer = body(JSON.stringify('a'.repeat(65_535)))
    expect(await fault()).toMatch(/longer than 65536 bytes/)
  })

  it('ATK-A1-30 stops reading an answer that never ends', async () => {
    let written = 0
    answer = (_request, response) => {
      const more = () => {
        while (written < 50_000_000) {
          written += 16_384
          if (!response.write(Buffer.alloc(16_384, 97))) {
            response.once('drain', more)
            return
          }
        }
      }
      more()
    }
    expect(await fault()).toMatch(/longer than 65536 bytes/)
    expect(written).toBeLessThan(50_000_000)
  })

  it('ATK-A1-30 gives every call a signal that ends it in time', async () => {
    const limit = vi.spyOn(AbortSignal, 'timeout').mockImplementation((after) => {
      expect(after).toBe(3_000)
      return AbortSignal.abort(new DOMException('too slow', 'TimeoutError'))
    })
    answer = () => undefined
    try {
      expect(await fault()).toBe('the call failed')
    } finally {
      limit.mockRestore()
    }
  })

  it('is a fault and nothing else when the connection breaks', async () => {
    answer = (request) => request.socket.destroy()
    expect(await fault()).toBe('the call failed')
  })
})

describe('fetchOutbound', () => {
  const form = {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'a=b',
  }

  it('posts a body and gives the answer, whatever its status', async () => {
    const seen: Request[] = []
    const by: typeof fetch = async (...given) => {
      seen.push(new Request(...given))
      return new Response('no', { status: 400 })
    }
    const options = { issuer, allowed: () => false, fetch: by }
    const answer = await fetchOutbound('https://tpp.example/logout', form, options)
    expect([answer.status, await answer.text()]).toEqual([400, 'no'])
    const [request] = seen
    expect(request?.method).toBe('POST')
    expect(request?.redirect).toBe('manual')
    expect(request?.headers.get('content-type')).toBe('application/x-www-form-urlencoded')
    expect(await request?.text()).toBe('a=b')
  })

  it.each([300, 301, 302, 307, 399, 0])(
    'ATK-A1-30 gives no answer of status %i',
    async (status) => {
      const redirected = { status, headers: new Headers(), body: null } as Response
      const by: typeof fetch = async () => redirected
      const options = { issuer, allowed: () => false, fetch: by }
      const calling = fetchOutbound('https://tpp.example/logout', form, options)
      await expect(calling).rejects.toThrow(`status ${status}`)
    },
  )

  it('gives an answer without body as one', async () => {
    for (const status of [204, 205, 200]) {
      const options = { issuer, allowed: () => false, fetch: async () => new Response(null, { status }) } // prettier-ignore
      const answer = await fetchOutbound('https://tpp.example/logout', form, options)
      expect([answer.status, await answer.text()]).toEqual([status, ''])
    }
  })

  it('ATK-A1-30 posts nothing to an address it must not call, and names it as it is called', async () => {
    const called = vi.fn<typeof fetch>()
    const options = { issuer, allowed: () => false, fetch: called, what: 'backchannel_logout_uri' }
    const calling = fetchOutbound('https://10.0.0.1/logout', form, options)
    await expect(calling).rejects.toThrow('backchannel_logout_uri must not use an IP address')
    expect(called).not.toHaveBeenCalled()
  })
})
