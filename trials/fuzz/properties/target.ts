import assert from 'node:assert/strict'
import fc from 'fast-check'
import { sameTarget } from '../../../src/proof/dpop.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const scheme = fc.constantFrom('https://', 'HTTPS://', 'http://', 'ftp://', 'https:/')
const host = fc.constantFrom('as.example', 'AS.example', 'as.example.', 'a%73.example', '127.0.0.1', '127.1', '[::1]', 'user@as.example', 'as.example:443', 'as.example:8443', 'as.example:080') // prettier-ignore
const segment = fc.constantFrom('token', 'Token', 't%6fken', 't%6Fken', '%2f', '%2F', '.', '..', '%2e', '%2E%2e', '', 'a b', 'ä', '%c3%a4', '%C3%A4', ';x', '~', '%7e', '%25', '%2574oken', '%') // prettier-ignore
const path = fc.array(segment, { maxLength: 4 }).map((all) => all.map((one) => `/${one}`).join(''))
const tail = fc.constantFrom('', '?a=1', '#end', '?', '?/../x', '#?')
const built = fc.tuple(scheme, host, path, tail).map((parts) => parts.join(''))
const target = fc.oneof(
  { weight: 6, arbitrary: built },
  { weight: 3, arbitrary: mangledText(built) },
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  anyText(),
)

/**
 * RFC 3986 6.2.2 written out slowly: origin and path of the platform's URL, each octet of the path either
 * itself, where it is unreserved, or in upper-case hex.
 */
function normal(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (!['http:', 'https:'].includes(url.protocol)) return undefined
  let out = ''
  for (let at = 0; at < url.pathname.length; at += 1) {
    const two = url.pathname.slice(at + 1, at + 3)
    if (url.pathname[at] !== '%' || !/^[0-9a-f]{2}$/i.test(two)) out += url.pathname[at] ?? ''
    else {
      const code = Number.parseInt(two, 16)
      const unreserved = /[A-Za-z0-9\-._~]/.test(String.fromCharCode(code))
      out += unreserved ? String.fromCharCode(code) : `%${two.toUpperCase()}`
      at += 2
    }
  }
  return `${url.protocol}//${url.host}${out}`
}

export const targets: Parser = {
  name: 'htu normalisation',
  source: 'src/proof/dpop.ts',
  properties: [
    always(
      'two that match have one origin and one path by a slow oracle, whatever stands behind them',
      fc.property(target, target, (a, b) => {
        const same = sameTarget(a, b)
        assert.equal(same, sameTarget(b, a))
        if (same) assert.equal(normal(a), normal(b))
        if (same) assert.equal(new URL(a).origin, new URL(b).origin)
      }),
    ),
    always(
      'what is taken at all matches its own normal form, and normalising twice changes nothing',
      fc.property(target, (text) => {
        const form = normal(text)
        if (!sameTarget(text, text)) return
        assert.ok(form !== undefined)
        assert.ok(sameTarget(text, form) && sameTarget(form, form))
        assert.equal(normal(form), form)
        const plain = text.replace(/[?#].*$/s, '')
        assert.ok(sameTarget(plain, `${plain}?x=${encodeURIComponent(text)}#y`))
      }),
    ),
    always(
      'another scheme, host, port or path is another target',
      fc.property(path, fc.constantFrom('/', '%2f', '.', 'x', '%', ':', '@', 'é'), (where, stray) => {
        const url = `https://as.example${where}`
        if (!sameTarget(url, url)) return
        for (const other of [`http://as.example${where}`, `https://bs.example${where}`, `https://as.example:8443${where}`])
          assert.equal(sameTarget(other, url), false)
        const longer = `${url}${stray}`
        if (normal(longer) !== normal(url)) assert.equal(sameTarget(longer, url), false)
      }),
      0.3,
    ), // prettier-ignore
  ],
}
