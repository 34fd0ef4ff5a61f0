import assert from 'node:assert/strict'
import fc from 'fast-check'
import { redirectUri as rule } from '../../../src/authorization/rules/redirect-uri.ts'
import { matchesRegistered, problemWithRedirectUri } from '../../../src/clients/redirect-uri.ts'
import { fapi2Security } from '../../../src/profiles/fapi2-security.ts'
import { pushed } from '../../../test/rules/support/issuer.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const scheme = fc.constantFrom('https://', 'http://', 'http:', 'HTTP://', 'com.app:/', '//')
const host = fc.constantFrom(
  '127.0.0.1', '[::1]', 'localhost', 'app.example', 'APP.example', '127.1', '2130706433', '0x7f.0.0.1', '127.0.0.1.evil.example',
  '[::ffff:127.0.0.1]', '[0:0:0:0:0:0:0:1]', 'a@127.0.0.1', '127.0.0.1.', 'xn--bcher-kva.example', '',
) // prettier-ignore
const port = fc.oneof(fc.constantFrom('', ':', ':80', ':0', ':080', ':65535', ':65536', ':443'), fc.nat({ max: 70_000 }).map((n) => `:${n}`)) // prettier-ignore
const rest = fc.oneof(
  fc.constantFrom('', '/', '/cb', '/cb?x=1', '/cb/', '/CB', '/%63b', '/x/../cb', '/cb#', '/cb?'),
  fc.string({ unit: fc.constantFrom('/', '.', '%2e', '%2F', '?', '&', '=', '#', ':', '@', '\\', 'a', '1', ' ', '%'), maxLength: 8 }),
) // prettier-ignore
const built = fc.tuple(scheme, host, port, rest).map((parts) => parts.join(''))
const uri = fc.oneof(
  { weight: 5, arbitrary: built },
  { weight: 3, arbitrary: mangledText(built) },
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  anyText(),
)

const verdict = (text: string, type: 'web' | 'native') =>
  problemWithRedirectUri(text, type, fapi2Security)

/** What is registered: only what the validator takes. */
const registered = fc.tuple(
  fc.constantFrom('https://app.example', 'http://127.0.0.1', 'http://[::1]', 'https://127.0.0.1'),
  fc.constantFrom('', ':7777', ':8443'),
  fc.constantFrom('/', '/cb', '/cb?x=1', ''),
).map((parts) => parts.join('')).filter((text) => verdict(text, 'native') === undefined) // prettier-ignore
const near = registered.chain((one) =>
  fc.tuple(fc.constant(one), fc.oneof(fc.constant(one), mangledText(fc.constant(one)), uri)),
)

/** RFC 8252 7.3 by the parts of the platform's URL: a canonical text on the same loopback address. */
function differsByLoopbackPort(a: string, b: string): boolean {
  if (!URL.canParse(a) || !URL.canParse(b)) return false
  const [x, y] = [new URL(a), new URL(b)]
  const loopback = ['127.0.0.1', '[::1]'].includes(x.hostname) && x.protocol === 'http:'
  const same = (['protocol', 'hostname', 'pathname', 'search', 'username', 'password'] as const).every((part) => x[part] === y[part]) // prettier-ignore
  return loopback && same && !a.includes('#') && !b.includes('#')
}

export const redirectUri: Parser = {
  name: 'redirect comparison',
  source: 'src/clients/redirect-uri.ts',
  properties: [
    always(
      'a registered address is https or loopback http of a native client, names itself and nobody',
      fc.property(uri, fc.constantFrom('web' as const, 'native' as const), (text, type) => {
        if (verdict(text, type) !== undefined) return
        const url = new URL(text)
        const native = type === 'native' && ['127.0.0.1', '[::1]'].includes(url.hostname)
        assert.ok(url.protocol === 'https:' || (url.protocol === 'http:' && native))
        assert.ok(url.href === text || url.href === `${text}/`)
        assert.equal(`${url.username}${url.password}${url.hash}`, '')
        assert.equal(verdict(url.href, type), undefined)
        assert.ok(matchesRegistered(text, [text]))
      }),
    ),
    always(
      'only the same text matches, save the port of a loopback address',
      fc.property(near, ([known, given]) => {
        const matches = matchesRegistered(given, [known])
        if (given === known) return assert.ok(matches)
        if (matches) assert.ok(differsByLoopbackPort(given, known))
        // Nobody else's address is ever let in by a second one.
        assert.equal(matchesRegistered(given, [known, 'https://other.example/cb']), matches)
        assert.equal(matchesRegistered(known, [given]) && matches, matches)
        return undefined
      }),
    ),
    always(
      'the rule of the endpoint takes what matches and gives back the very text',
      fc.property(near, ([known, given]) => {
        const input = pushed({ redirect_uri: given })
        const client = { ...input.client, metadata: { ...input.client.metadata, redirect_uris: [known] } }
        const judged = rule({ ...input, client })
        if (matchesRegistered(given, [known])) assert.deepEqual(judged, { ok: true, value: { redirectUri: given } })
        else assert.equal(judged.ok, false)
      }),
      0.05,
    ), // prettier-ignore
  ],
}
