import assert from 'node:assert/strict'
import fc from 'fast-check'
import { toBase64Url } from '../../../src/encoding.ts'
import { handleCookie } from '../support/cookies.ts'
import { openInteraction, sealInteraction } from '../../../src/people/interaction.ts'
import { readCookie } from '../../../src/people/cookies.ts'
import { readPresentation } from '../../../src/proof/presentation.ts'
import { deriveKeys, parseMasterSecret, seal, unseal } from '../../../src/secrets.ts'
import { makeCall } from '../../../test/rules/support/call.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const onTheWire = (text: string): string => text.replace(/[^\x20-\x7e\x80-\xff]/g, '?').trim()
const token = fc.oneof(fc.base64String({ maxLength: 30 }), fc.constantFrom('a.b.c', 'a', '', 'a b', 'a,b', '==', '~+/-_.')) // prettier-ignore
const authorization = fc.oneof(
  fc.tuple(fc.constantFrom('DPoP', 'Bearer', 'dpop', 'BEARER', 'Basic', ''), fc.constantFrom(' ', '  ', '', '\t', ' DPoP '), token).map((parts) => parts.join('')),
  mangledText(fc.constantFrom('DPoP aaaa.bbbb.cccc', 'Bearer abc=')),
  anyText(),
).map(onTheWire) // prettier-ignore

export const presentation: Parser = {
  name: 'the Authorization header',
  source: 'src/proof/presentation.ts',
  properties: [
    always(
      'one credential is read with its scheme, anything else is refused, and never from the query',
      fc.property(authorization, fc.constantFrom('', '?a=1', '?access_token=x', '?ACCESS_TOKEN=x', '?%61ccess_token=x', '?access_token'), (header, query) => {
        const request = new Request(`https://as.example/userinfo${query}`, { headers: { authorization: header } })
        const read = readPresentation(request)
        const inQuery = /(access_token|%61ccess)/.test(query)
        if (inQuery) return assert.equal(read.ok, false)
        if (!read.ok || read.value === undefined) return undefined
        const [scheme = '', ...rest] = header.split(/ +/)
        assert.equal(scheme.toLowerCase(), read.value.scheme)
        assert.deepEqual(rest, [read.value.token])
        assert.match(read.value.token, /^[^\s,"]+$/)
        return undefined
      }),
    ), // prettier-ignore
  ],
}

const value = fc.uint8Array({ minLength: 65, maxLength: 65 }).map(toBase64Url)
const names = fc.constantFrom('__Host-fapi-bank-session', '__Host-fapi-bank-browser', '__Host-fapi-other-session', 'fapi-bank-session', '__host-fapi-bank-session', ' __Host-fapi-bank-session', 'x') // prettier-ignore
const pair = fc
  .tuple(names, fc.oneof({ weight: 3, arbitrary: value }, mangledText(value), anyText(20)))
  .map(([name, one]) => `${name}=${one}`)
const cookies = fc.array(pair, { maxLength: 4 }).map((pairs) => onTheWire(pairs.join('; ')))

export const cookieHeader: Parser = {
  name: 'cookies',
  source: 'src/people/cookies.ts',
  properties: [
    always(
      'a cookie is taken when it was sent once in the form of ours, under its whole name',
      fc.property(cookies, (header) => {
        const call = makeCall({ headers: { cookie: header } })
        assert.equal(readCookie(call, 'session'), handleCookie(header, '__Host-fapi-bank-session'))
      }),
    ),
  ],
}

const master = parseMasterSecret(`one:${Buffer.alloc(32, 1).toString('base64url')},two:${Buffer.alloc(32, 2).toString('base64url')}`) // prettier-ignore
if (typeof master === 'string') throw new Error(master)
const keys = deriveKeys(master, 'aes', ['bank', 'interaction'])
const others = [deriveKeys(master, 'aes', ['bank', 'other']), deriveKeys(master, 'aes', ['other', 'interaction'])] // prettier-ignore
const browser = toBase64Url(new Uint8Array(32).fill(7))
const home = makeCall({ headers: { cookie: `__Host-fapi-bank-browser=${browser}` } })
const elsewhere = makeCall({ headers: { cookie: `__Host-fapi-bank-browser=${toBase64Url(new Uint8Array(32))}` } }) // prettier-ignore

export const seals: Parser = {
  name: 'seals and interactions',
  source: 'src/secrets.ts',
  properties: [
    alwaysAsync(
      'a seal opens for what it was made for, with its key, and with no bit or letter changed',
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), anyText(8), anyText(8), fc.integer({ min: 0, max: 0xffffff }), async (plain, label, other, at) => {
        const sealed = await seal(keys, Uint8Array.from(plain), label)
        const opened = await unseal(keys, sealed, label)
        assert.equal(Buffer.compare(opened ?? Buffer.of(1, 2, 3), plain), 0)
        if (other.toWellFormed() !== label.toWellFormed()) assert.equal(await unseal(keys, sealed, other), undefined)
        assert.equal(await unseal(others[at % 2] ?? keys, sealed, label), undefined)
        const [id = '', body = ''] = sealed.split('.')
        const bytes = Buffer.from(body, 'base64url')
        bytes[(at >> 3) % bytes.length] = (bytes[(at >> 3) % bytes.length] ?? 0) ^ (1 << (at & 7))
        assert.equal(await unseal(keys, `${id}.${bytes.toString('base64url')}`, label), undefined)
        assert.equal(await unseal(keys, `two.${body}`, label), undefined)
      }),
      0.7,
    ), // prettier-ignore
    alwaysAsync(
      'a text that is almost a seal does not open',
      fc.asyncProperty(mangledText(fc.constant(await seal(keys, new Uint8Array(20), 'x'))), anyText(), async (text, any) => {
        assert.equal(await unseal(keys, any, 'x'), undefined)
        const opened = await unseal(keys, text, 'x')
        if (opened !== undefined) assert.equal(text, text.trim())
      }),
      0.3,
    ), // prettier-ignore
    alwaysAsync(
      'an interaction opens in its browser, at its stage and until its end',
      fc.asyncProperty(fc.integer({ min: -2, max: 2 }), fc.constantFrom('sign-in' as const, 'approval' as const, 'elsewhere' as const), async (left, stage) => {
        const { cookieHash } = await import('../../../src/people/cookies.ts')
        const interaction = { stage: 'sign-in', purpose: { kind: 'account', path: '/account' }, browser: await cookieHash(browser), until: home.now + left, need: {}, ask: 'password', proofs: [] }
        const sealed = await sealInteraction(home, interaction as unknown as Parameters<typeof sealInteraction>[1])
        assert.equal((await openInteraction(home, stage, sealed)).ok, left > 0 && stage === 'sign-in')
        assert.equal((await openInteraction(elsewhere, stage, sealed)).ok, false)
        assert.equal((await openInteraction(home, stage, `${sealed}A`)).ok, false)
      }),
      0.1,
    ), // prettier-ignore
  ],
}
