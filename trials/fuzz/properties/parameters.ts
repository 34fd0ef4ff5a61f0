import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseForm, readForm, readQuery } from '../../../src/authorization/parameters.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const names = ['scope', 'Scope', 'resource', 'client_id', '__proto__', 'a b', 'ä', 'x=']
const values = ['', '1', 'openid accounts', 'https://api.example/?a=1&b=2', 'é😀', '%41', '+', '\t']
const word = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...names, ...values) },
  { weight: 1, arbitrary: anyText(12) },
)
/** Each octet as it is, as `+` or percent-encoded: what the same text may look like. */
const written = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.nat({ max: 3 })).map(([one, how]) => {
    if (!one.isWellFormed()) return one
    if (how === 0) return one
    if (how === 1) return new URLSearchParams({ a: one }).toString().slice(2)
    if (how === 2) return encodeURIComponent(one)
    const octets = [...new TextEncoder().encode(one)]
    return octets.map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('')
  })
const pair = fc
  .tuple(written(word), written(word), fc.boolean())
  .map(([name, value, bare]) => (bare && value === '' ? name : `${name}=${value}`))
const forms = fc.array(pair, { maxLength: 7 }).map((pairs) => pairs.join('&'))
// Bodies and addresses are UTF-8: no half of a character arrives.
const texts = fc.oneof({ weight: 3, arbitrary: forms }, { weight: 2, arbitrary: mangledText(forms) }, anyText()).map((text) => text.toWellFormed()) // prettier-ignore

/** How the platform reads a form: it takes everything. */
const platform = (text: string): readonly (readonly [string, string])[] => [
  ...new URLSearchParams(text.replace(/^\?/, '%3f')),
]

export const parameters: Parser = {
  name: 'request parameters',
  source: 'src/authorization/parameters.ts',
  properties: [
    always(
      'a form is refused, or read as the platform reads it, with nothing empty and nothing sent twice',
      fc.property(texts, (text) => {
        const read = parseForm(text)
        const pairs = platform(text)
        const once = pairs.map(([name]) => name).filter((name) => name !== 'resource')
        if (!read.ok) return assert.equal(read.refusal.code, 'invalid_request')
        assert.equal(new Set(once).size, once.length)
        const expected = pairs.filter(([, value]) => value !== '')
        const found = [...read.value].flatMap(([name, list]) => list.map((value) => [name, value]))
        assert.deepEqual(found.map(String).sort(), expected.map(String).sort())
        assert.ok(found.every(([, value]) => value !== ''))
        return undefined
      }),
    ),
    always(
      'a parameter that came twice is refused, however it is written',
      fc.property(written(fc.constantFrom(...names.filter((name) => name !== 'resource'))), forms, forms, (name, a, b) => {
        assert.equal(parseForm(`${a}&${name}=1&${b}&${name}=2`).ok, false)
        assert.equal(parseForm(`${name}=&${a}&${name}=2`).ok, false)
      }),
      0.5,
    ), // prettier-ignore
    alwaysAsync(
      'query and body are never merged',
      fc.asyncProperty(forms, forms, async (query, body) => {
        const url = `https://as.example/par?${query.toWellFormed().replaceAll('#', '')}`
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const request = new Request(url, { method: 'POST', headers, body })
        const read = await readForm(request)
        if (new URL(url).search !== '') return assert.equal(read.ok, false)
        assert.deepEqual(read, parseForm(body.toWellFormed()))
        assert.deepEqual(readQuery(new Request(url)), parseForm(''))
        return undefined
      }),
      0.1,
    ),
  ],
}
