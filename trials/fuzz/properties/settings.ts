import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readSettings } from '../../../src/config.ts'
import { checkClaims } from '../../../src/people/claims.ts'
import { checkAnswer } from '../../../src/people/login-answer.ts'
import { readAmr } from '../../../src/people/upstream/id-token.ts'
import { parseMasterSecret } from '../../../src/secrets.ts'
import { checkSchema } from '../../../src/settings/detail-schema.ts'
import { Contradiction } from '../../../src/settings/readers.ts'
import { bank } from '../../../test/rules/support/issuer.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledRecord, mangledText } from '../support/mangle.ts'
import { always } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const full = {
  ...bank,
  name: 'Bank',
  authentication: { factors: 2 },
  lifetimes: { access_token: 60 },
  signing_alg: 'ES256',
  further_signing_algs: ['PS256'],
  decryption_algs: ['ECDH-ES'],
  key_rotation_days: 30,
  operators: [],
  replay_guards: 4,
  assertion_shards: 1,
  default_location: 'weur',
  branding: { color: '#123456' },
  grant_management: true,
  evidence: {},
  authorization_details_types: { a: { schema: { type: 'object', properties: { x: { type: 'string' } } } } },
} // prettier-ignore
const words = fc.constantFrom('https://as.bank.example', 'http://localhost:1', 'https://x.example/a/', 'fapi2-security', 'openid-connect', 'PS256', '', '#fff', 'constructor', 'admin', 'de', 'en') // prettier-ignore
const value = fc.oneof(words, mangledText(words), fc.array(words, { maxLength: 3 }), fc.integer(), anyJson(4)) // prettier-ignore
const nested = fc
  .constantFrom('authentication', 'lifetimes', 'branding', 'scopes', 'evidence', 'grant_management', 'authorization_details_types')
  .chain((name) => mangledRecord(full[name] as Record<string, unknown>, value).map((inner) => ({ ...full, [name]: inner }))) // prettier-ignore
const issuers = fc.array(fc.oneof(mangledRecord(full, value), nested, mangledRecord(bank, value)), { minLength: 1, maxLength: 2 }) // prettier-ignore

const schema = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.record({ type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'object', 'array', 'null', 7), pattern: fc.constantFrom('^a$', '(', '(a+)+$', 1), maxLength: fc.integer(), format: fc.constantFrom('date', 'uri', 'x') }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constantFrom('object', 'array'), properties: fc.dictionary(fc.constantFrom('a', 'type', '__proto__'), tie('value'), { maxKeys: 2 }), items: tie('value'), required: fc.array(fc.constantFrom('a', 'z', 1)), additionalProperties: fc.boolean() }, { requiredKeys: ['type'] }),
    anyJson(2),
  ),
})).value // prettier-ignore

export const settings: Parser = {
  name: 'settings',
  source: 'src/config.ts',
  properties: [
    always(
      'settings are taken, or refused in one sentence',
      fc.property(issuers, fc.boolean(), (list, development) => {
        const read = readSettings({ issuers: list }, { development })
        if (!read.ok) return assert.match(read.problem, /^[^\n]+\.$/s)
        assert.equal(read.settings.issuers.length, list.length)
        assert.ok(Object.isFrozen(read.settings.issuers[0]))
        assert.deepEqual(readSettings(JSON.stringify({ issuers: list }), { development }), readSettings({ issuers: JSON.parse(JSON.stringify(list)) as unknown }, { development }))
        return undefined
      }),
      0.6,
    ), // prettier-ignore
    always(
      'any document and any secret is refused in words',
      fc.property(fc.oneof(anyJson(4), anyText()), mangledText(fc.constant(`one:${'A'.repeat(43)}`)), (document, secret) => {
        const read = readSettings(document, { development: false })
        assert.equal(read.ok, false)
        const master = parseMasterSecret(secret)
        if (typeof master !== 'string') assert.ok([...master.keys.values()].every((key) => key.length >= 32))
      }),
      0.3,
    ), // prettier-ignore
    always(
      'the schema of a type is one this server can judge by, or a contradiction',
      fc.property(schema, (given) => {
        try {
          checkSchema(given, 'x')
        } catch (error) {
          if (!(error instanceof Contradiction)) throw error
        }
      }),
      0.3,
    ),
  ],
}

const page = { status: 'page', title: 'T', message: 'm', fields: [{ name: 'a', label: 'A', type: 'text' }], buttons: [{ value: 'go', label: 'Go' }], refresh: 3, state: 's' } // prettier-ignore
const authenticated = { status: 'authenticated', subject: 's', level: 2, amr: ['pwd'], auth_time: 1, claims: { email: 'a@b', updated_at: 1, address: { country: 'DE' } }, username: 'u' } // prettier-ignore
const answers = fc.oneof(mangledRecord(page), mangledRecord(authenticated), mangledRecord({ ...page, fields: [{}, { name: '__proto__' }] }), anyJson(4)) // prettier-ignore

export const logins: Parser = {
  name: 'answers of a bound login',
  source: 'src/people/login-answer.ts',
  properties: [
    always(
      'an answer is understood as one of four kinds, or refused in words',
      fc.property(answers, (given) => {
        const read = checkAnswer(given)
        if (typeof read === 'string') return assert.ok(read.length > 0)
        assert.ok(['page', 'authenticated', 'cancelled', 'failed'].includes(read.status))
        if (read.status !== 'authenticated') return undefined
        assert.match(read.subject, /^[\x20-\x7e]{1,255}$/)
        assert.deepEqual(checkClaims(read.claims), read.claims)
        return undefined
      }),
    ),
    always(
      'claims and method references are of known names and shapes',
      fc.property(fc.oneof(mangledRecord(authenticated.claims), anyJson(3)), anyJson(3), (claims, amr) => {
        const checked = checkClaims(claims)
        if (typeof checked !== 'string') assert.deepEqual(checkClaims(JSON.parse(JSON.stringify(checked))), checked)
        assert.ok(readAmr(amr).every((word) => typeof word === 'string'))
      }),
      0.3,
    ),
  ],
} // prettier-ignore
