import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { send } from '../../support/http.ts'
import type { Answer } from '../../support/http.ts'
import { attackerBehind, attacks } from '../../../trials/attack/catalogue.ts'
import { refusedAs } from '../../../trials/attack/finding.ts'
import { makeWorld } from '../../../trials/attack/make-world.ts'
import { race } from '../../../trials/attack/race.ts'
import { redact } from '../../../trials/attack/redact.ts'
import { bend } from '../../../trials/attack/redirect-corpus.ts'
import { severityOf } from '../../../trials/attack/run.ts'

const answer = (status: number, body: object, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: new Headers(headers),
  all: () => [],
  text: JSON.stringify(body),
  json: body as Readonly<Record<string, unknown>>,
})

describe('the catalogue of attacks', () => {
  it('holds every attack of the model with its severity and attacker', () => {
    expect(attacks.size).toBe(64)
    const weights = ['ATK-A1-04', 'ATK-A1-34', 'ATK-A1a-02', 'ATK-A2-03', 'ATK-A3-01', 'ATK-BS-01', 'ATK-A4-03', 'ATK-A5-06'] // prettier-ignore
    expect(weights.map((id) => attacks.get(id))).toEqual(['H', 'M', 'H', 'M', 'M', 'W', 'M', 'M'])
    expect(['ATK-A1-01', 'ATK-A1a-01', 'ATK-A3-02'].map(attackerBehind)).toEqual(['A1', 'A1a', 'A3a']) // prettier-ignore
    expect(severityOf({ id: 'ATK-A1-07' })).toBe('M')
    expect(severityOf({ id: 'ATK-A1-07b', severity: 'W' })).toBe('W')
  })
})

describe('a refusal', () => {
  const good = answer(400, { error: 'invalid_grant', error_description: 'x' })

  it('is one only with the status and the code that were expected', () => {
    expect(refusedAs(good, '400 invalid_grant').good).toBe(true)
    expect(refusedAs(good, '400 invalid_request', '4xx invalid_grant').good).toBe(true)
    expect(refusedAs(good, '400').good).toBe(true)
    expect(refusedAs(good, '401 invalid_grant').good).toBe(false)
    expect(refusedAs(good, '400 invalid_client').good).toBe(false)
  })

  it('reads the code of a challenge', () => {
    const challenged = answer(401, {}, { 'www-authenticate': 'DPoP error="invalid_token"' })
    expect(refusedAs(challenged, '401 invalid_token').good).toBe(true)
  })

  it('is none where anything succeeded, leaked or failed beside', () => {
    const others = [
      answer(200, { access_token: 'x' }),
      answer(400, { error: 'invalid_grant', access_token: 'x' }),
      answer(400, { error: 'invalid_grant' }, { location: 'https://evil.example' }),
      answer(500, { error: 'server_error' }),
      answer(503, { error: 'invalid_grant' }),
      answer(303, {}, { location: 'https://evil.example' }),
    ]
    for (const one of others) {
      expect(refusedAs(one, '400 invalid_grant', '4xx').good, one.text).toBe(false)
    }
  })
})

describe('the corpus of redirect URIs', () => {
  it.each(['https://web.example/cb', 'https://a.b.example:8443/deep/path?x=1&y=2'])(
    'has more than 200 near misses of %s, and never the address itself',
    (registered) => {
      const corpus = bend(registered)
      expect(corpus.length).toBeGreaterThan(200)
      expect(new Set(corpus).size).toBe(corpus.length)
      expect(corpus).not.toContain(registered)
    },
  )
})

describe('what reports show', () => {
  it('holds no token, key or password, and stays on one line', () => {
    const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA'
    const text = `refused\n${jwt} of hunter22 with ${'aB3'.repeat(10)}\u0007: invalid_authorization_details`
    expect(redact(text, ['hunter22'])).toBe('refused … of … with … : invalid_authorization_details')
  })
})

describe('a race', () => {
  let complete = 0
  const arrivals: (() => void)[] = []
  const server = createServer((request, response) => {
    arrivals.shift()?.()
    request.resume()
    request.on('end', () => {
      complete += 1
      response.end('{}')
    })
  })
  const arrival = () => new Promise<void>((resolve) => arrivals.push(resolve))
  let url = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  it('finishes no request before the last one stands at the line', async () => {
    const late = Promise.withResolvers<void>()
    const two = [arrival(), arrival()]
    const all = race(3, async (via, index) => {
      if (index === 2) await late.promise
      return via(url, { method: 'POST', body: 'code=x&grant_type=y' })
    })
    // Two were sent but for their last byte, and the server waits for it.
    await Promise.all(two)
    expect(complete).toBe(0)
    late.resolve()
    expect((await all).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(complete).toBe(3)
  })

  it('does not keep the others waiting for one that fails before the line', async () => {
    const all = race(3, async (via, index) => {
      if (index === 0) throw new Error('never started')
      return via(url, { method: 'POST', body: 'x' })
    })
    await expect(all).rejects.toThrow('never started')
    expect((await send(url)).status).toBe(200)
  })
})

describe('a sign-in by a command', () => {
  const client = { clientId: 'one', redirectUri: 'https://one.example/cb' }
  const worldWith = (script: string) =>
    makeWorld({
      server: { issuer: 'http://127.0.0.1:1' },
      metadata: {},
      clients: [client, { ...client, clientId: 'two' }],
      people: [{ username: 'victim', password: 'xxxx' }],
      signIn: { command: [process.execPath, '-e', script] },
    })

  it('is given the authorization address and prints where the browser was sent', async () => {
    const world = worldWith("console.log('https://one.example/cb?code=x&at=' + encodeURIComponent(process.argv[1]))") // prettier-ignore
    expect([world.has('person'), world.has('pages'), world.has('people')]).toEqual([true, false, false]) // prettier-ignore
    const callback = await world.web.approve('urn:x')
    expect(callback.searchParams.get('code')).toBe('x')
    expect(callback.searchParams.get('at')).toBe(world.web.authorizeUrl('urn:x'))
  })

  it('has failed when it prints no address', async () => {
    const world = worldWith("console.log('no')")
    await expect(world.web.approve('urn:x')).rejects.toThrow('printed no address')
  })
})
