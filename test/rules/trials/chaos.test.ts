import { describe, expect, it } from 'vitest'
import type { Answer, Send } from '../../../test/support/http.ts'
import type { Actor } from '../../../trials/chaos/actors.ts'
import { idOf } from '../../../trials/chaos/exchange.ts'
import { createLedger } from '../../../trials/chaos/ledger.ts'
import type { Kind } from '../../../trials/chaos/ledger.ts'
import { seeded } from '../../../trials/chaos/random.ts'
import { createRecorder } from '../../../trials/chaos/recorder.ts'
import { makeReport, printReport } from '../../../trials/chaos/report.ts'
import { openTimeLine } from '../../../trials/chaos/time-line.ts'
import { makeTokenId } from '../../../src/handles.ts'

const grant = 'ab'.repeat(32)
const issuer = 'http://localhost:1'

const jwt = (header: object, claims: object): string =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') + '.c2ln' // prettier-ignore

const answer = (status: number, json: object, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: new Headers(headers),
  all: () => [],
  text: JSON.stringify(json),
  json: json as Answer['json'],
})

const refused = (status: number, error: string) => answer(status, { error })
const unavailable = answer(503, { error: 'temporarily_unavailable' }, { 'retry-after': '1' })
const broken = (code: string) => Object.assign(new Error(code), { code })

let tokens = 0
/** What a token endpoint answers, complete. */
function granted(without?: string): Answer {
  tokens += 1
  const jti = makeTokenId({ home: 'grant', objectId: grant, epoch: 1, series: 1 })
  const access_token = jwt({}, { jti, aud: 'a', sub: 's', cnf: { jkt: 'k' } })
  const { [without ?? '']: _left, ...json } = {
    access_token,
    token_type: 'DPoP',
    expires_in: 300,
    scope: 'openid',
    id_token: 'i',
    refresh_token: `refresh ${tokens}`,
  } as Record<string, unknown>
  return answer(200, json)
}

let jtis = 0
/** A token request with means that nobody used before, or with these. */
function asking(fields: Record<string, string>, old?: Send): Send {
  if (old !== undefined) return old
  jtis += 1
  const now = Math.floor(Date.now() / 1000)
  const proof = jwt({ jwk: { x: 'x' } }, { jti: `p${jtis}`, iat: now, nonce: 'unknown' })
  const client_assertion = jwt({}, { iss: 'c', jti: `a${jtis}`, iat: now, exp: now + 300 })
  return {
    method: 'POST',
    headers: [['dpop', proof]],
    body: new URLSearchParams({ ...fields, client_assertion }).toString(),
  }
}

/** Books whose server answers what it is told to. */
function books(...answers: readonly (Answer | Error)[]) {
  const ledger = createLedger()
  const rest = [...answers]
  const transport = async (): Promise<Answer> => {
    const next = rest.shift()
    if (next === undefined) throw new Error('nobody said what comes now')
    if (next instanceof Error) throw next
    return next
  }
  const recorder = createRecorder({ ledger, line: openTimeLine(), transport })
  const actor = { name: 'c', remote: false, skew: 0 } as unknown as Actor
  const code = ledger.add({
    kind: 'code',
    id: idOf('code'),
    fault: 'calm',
    acknowledged: true,
    grant,
  })
  const ask = async (fields: Record<string, string>, old?: Send) => {
    const request = asking(fields, old)
    await recorder.send(actor, `${issuer}/token`, request).catch(() => undefined)
    return request
  }
  const redeem = (old?: Send) => ask({ grant_type: 'authorization_code', code: 'code' }, old)
  const refresh = (token: string) => ask({ grant_type: 'refresh_token', refresh_token: token })
  const revoke = (token: string) =>
    recorder.send(actor, `${issuer}/revoke`, asking({ token })).catch(() => undefined)
  const found = () => ledger.problems.map(({ what }) => what)
  const tallyOf = (kind: Kind) => report().kinds[kind]
  const report = () =>
    makeReport(
      { ledger, recorder },
      {
        seed: 1,
        seconds: 1,
        exitStatus: 0,
        evidence: { grants: 0, tokens: 0, withheld: 0, unreceived: 0 },
        faults: [{ name: 'calm', what: '' }],
      },
    )
  return { ledger, recorder, code, redeem, refresh, revoke, ask, found, tallyOf, report }
}

describe('the books of npm run chaos', () => {
  it('find nothing in a flow whose repetitions are refused', async () => {
    const { redeem, found, report, tallyOf } = books(
      granted(),
      refused(401, 'invalid_client'),
      refused(400, 'invalid_grant'),
    )
    const sent = await redeem()
    await redeem(sent)
    await redeem()
    expect(found()).toEqual([])
    expect(report().sound).toBe(true)
    expect(tallyOf('code')).toMatchObject({
      made: 1,
      used: 1,
      usedTwice: 0,
      lost: 0,
      refusedHonestly: 1,
    })
    expect(printReport(report())).toContain('Nothing lost')
  })

  it('report a code that was answered twice', async () => {
    const { redeem, found, report, tallyOf } = books(granted(), granted())
    await redeem()
    await redeem()
    expect(found()).toEqual(['used twice'])
    expect(tallyOf('code')).toMatchObject({ usedTwice: 1 })
    expect(report().sound).toBe(false)
    expect(printReport(report())).toContain('USED TWICE (calm): code')
  })

  it('report proof and assertion of a copy that was answered again', async () => {
    const { ask, tallyOf } = books(granted(), granted())
    const fields = { grant_type: 'client_credentials' }
    await ask(fields, await ask(fields))
    expect(tallyOf('proof').usedTwice).toBe(1)
    expect(tallyOf('assertion').usedTwice).toBe(1)
  })

  it('report a code as lost that was refused before it was ever used', async () => {
    const { redeem, found, report, tallyOf } = books(refused(400, 'invalid_grant'))
    await redeem()
    expect(found()).toEqual(['lost'])
    expect(tallyOf('code')).toMatchObject({ lost: 1, spentUnanswered: 0 })
    expect(report().sound).toBe(false)
  })

  it('count a code as spent unanswered, and report a token that a retry gets out of it later', async () => {
    const { redeem, found, tallyOf } = books(unavailable, refused(400, 'invalid_grant'), granted())
    await redeem()
    await redeem()
    expect(found()).toEqual([])
    expect(tallyOf('code')).toMatchObject({ used: 0, lost: 0, spentUnanswered: 1 })
    await redeem()
    expect(found()).toEqual(['used twice'])
  })

  it('let what was cut off be answered once by a retry, and not twice', async () => {
    const { redeem, found } = books(broken('ECONNRESET'), granted(), granted())
    const sent = await redeem()
    await redeem(sent)
    expect(found()).toEqual([])
    await redeem(sent)
    expect(found()).toEqual(['used twice', 'used twice', 'used twice'])
  })

  it('hold a server to what never reached it: a code without connection is still unused', async () => {
    const { redeem, found } = books(broken('ECONNREFUSED'), refused(400, 'invalid_grant'))
    await redeem()
    await redeem()
    expect(found()).toEqual(['lost'])
  })

  it('report a refresh token that is refused while its grant lives, and one that lives on after its end', async () => {
    const lost = books(granted(), refused(400, 'invalid_grant'))
    await lost.redeem()
    await lost.refresh(`refresh ${tokens}`)
    expect(lost.found()).toEqual(['lost'])
    const first = granted()
    const revived = books(first, answer(200, {}), refused(400, 'invalid_grant'), granted())
    await revived.redeem()
    const token = String(first.json['refresh_token'])
    await revived.revoke(token)
    await revived.refresh(token)
    expect(revived.found()).toEqual([])
    await revived.refresh(token)
    expect(revived.found()).toEqual(['used twice'])
  })

  it('leave open what became of a revocation that was not answered, and keep to what was seen first', async () => {
    const [first, second] = [granted(), granted()]
    const open = books(first, unavailable, refused(400, 'invalid_grant'), second)
    const token = String(first.json['refresh_token'])
    await open.redeem()
    await open.revoke(token)
    await open.refresh(token)
    expect(open.found()).toEqual([])
    await open.refresh(token)
    expect(open.found()).toEqual(['used twice'])
  })

  it('accept that what was on its way when the end was asked for may have been first', () => {
    const ledger = createLedger()
    const token = ledger.add({
      kind: 'access token',
      id: 'token',
      fault: 'calm',
      acknowledged: true,
    })
    const [began, , later] = [ledger.tick(), ledger.end(token, 'revoked', ledger.tick()), ledger.tick()] // prettier-ignore
    ledger.accept(token, began)
    expect(ledger.problems).toEqual([])
    ledger.accept(token, later)
    expect(ledger.problems.map(({ what }) => what)).toEqual(['used twice'])
  })

  it.each([
    ['503 without Retry-After', answer(503, { error: 'temporarily_unavailable' })],
    ['503 in other words', answer(503, { error: 'server_error' }, { 'retry-after': '1' })],
    ['500', answer(500, { error: 'server_error' })],
    ['a refusal that nothing explains', refused(400, 'invalid_request')],
    ['a refusal of a new proof', refused(400, 'invalid_dpop_proof')],
    ['200 without refresh token', granted('refresh_token')],
    ['200 without token type', granted('token_type')],
  ])('report %s as dishonest', async (_what, given) => {
    const { redeem, found, report } = books(given)
    await redeem()
    expect(found()).toEqual(['dishonest'])
    expect(report().faults['calm']?.dishonest).toBe(1)
  })

  it('explain a refusal by the time alone only where the time does', async () => {
    const ledger = createLedger()
    const now = Math.floor(Date.now() / 1000)
    const recorder = createRecorder({
      ledger,
      line: openTimeLine(),
      transport: async () => refused(401, 'invalid_client'),
    })
    const actor = { remote: false } as unknown as Actor
    const signed = (iat: number, exp: number) =>
      new URLSearchParams({ client_assertion: jwt({}, { iss: 'c', jti: `${iat}`, iat, exp }) }).toString() // prettier-ignore
    for (const [iat, exp] of [[now + 90, now + 200], [now - 90, now - 1], [now, now + 900]] as const) {
      await recorder.send(actor, `${issuer}/token`, { body: signed(iat, exp) })
    } // prettier-ignore
    expect(ledger.problems).toEqual([])
    await recorder.send(actor, `${issuer}/token`, { body: signed(now - 5, now + 200) })
    expect(ledger.problems.map(({ what }) => what)).toEqual(['dishonest'])
  })
})

describe('the seed of a run', () => {
  it('decides every choice, and another seed decides otherwise', () => {
    const choices = (seed: number) => {
      const random = seeded(seed).fork('party 3')
      return Array.from({ length: 20 }, () => random.below(1_000))
    }
    expect(choices(7)).toEqual(choices(7))
    expect(choices(7)).not.toEqual(choices(8))
    expect(choices(7).every((one) => one >= 0 && one < 1_000)).toBe(true)
  })
})
