import assert from 'node:assert/strict'
import fc from 'fast-check'
import { checkChoices } from '../../../src/authorization-details/choices.ts'
import {
  narrowed,
  problemBeyond,
  sameDetails,
  union,
  within,
} from '../../../src/authorization-details/compare.ts'
import {
  detailsOfToken,
  detailsRequested,
  limits,
  parseDetails,
} from '../../../src/authorization-details/read.ts'
import {
  isInside,
  rightsOf,
  typeWith,
  typesAndDetails,
} from '../../../test/rules/authorization-details/support/rights.ts'
import { detailSettings } from '../../../test/rules/authorization-details/support/shipped.ts'
import { bag, makeIssuer } from '../../../test/rules/support/issuer.ts'
import { anyText } from '../../../test/rules/support/property.ts'
import { anyJson, mangledRecord, mangledText } from '../support/mangle.ts'
import { always, alwaysAsync } from '../support/property.ts'
import type { Parser } from '../support/property.ts'

const sound = {
  type: 'account_information',
  actions: ['list_accounts', 'read_balances'],
  locations: ['https://api.bank.example/accounts'],
}
const words = fc.constantFrom('list_accounts', 'read_balances', 'account_information', 'payment', 'https://api.bank.example', 'https://evil.example', '', '2026-01-01') // prettier-ignore
const value = fc.oneof(words, fc.array(words, { maxLength: 3 }), anyJson())
const detail = fc.oneof(
  { weight: 3, arbitrary: mangledRecord(sound, value) },
  fc.constant(sound),
  anyJson(),
)
const list = fc.array(detail, { maxLength: 4 })
const text = fc.oneof(
  { weight: 4, arbitrary: list.map((one) => JSON.stringify(one)) },
  { weight: 3, arbitrary: mangledText(fc.constant(JSON.stringify([sound, sound]))) },
  mangledText(list.map((one) => JSON.stringify(one, null, 1))),
  fc.tuple(words, words).map(([a, b]) => `[{"type":"a","${a}":1,"${b}":"\\"x\\": 2"}]`),
  fc.nat({ max: 12 }).map((deep) => `[{"type":"a","x":${'['.repeat(deep)}${']'.repeat(deep)}}]`),
  anyText(),
)
const issuer = makeIssuer({ authorization_details_types: detailSettings })

/** Members an object names twice, by a walk over the text that knows strings only. */
function namesTwice(json: string): boolean {
  const open: Set<string>[] = []
  for (const [token, after] of tokensOf(json)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (after) {
      const name = JSON.parse(token) as string
      const seen = open.at(-1)
      if (seen?.has(name) === true) return true
      seen?.add(name)
    }
  }
  return false
}

function tokensOf(json: string): readonly (readonly [token: string, isName: boolean])[] {
  const tokens: [string, boolean][] = []
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at] ?? ''
    if ('{}[]'.includes(char)) tokens.push([char, false])
    if (char === ':') tokens[tokens.length - 1] = [tokens.at(-1)?.[0] ?? '', true]
    if (char !== '"') continue
    const begin = at
    for (at += 1; json[at] !== '"'; at += 1) if (json[at] === '\\') at += 1
    tokens.push([json.slice(begin, at + 1), false])
  }
  return tokens
}

export const details: Parser = {
  name: 'authorization details',
  source: 'src/authorization-details/read.ts',
  properties: [
    always(
      'a text is refused, or the JSON it is: objects with a type, within bounds, no member twice',
      fc.property(text, (given) => {
        const read = parseDetails(given)
        if (!read.ok) return assert.equal(read.refusal.code, 'invalid_authorization_details')
        assert.deepEqual(read.value, JSON.parse(given))
        assert.equal(namesTwice(given), false)
        assert.ok(read.value.length <= limits.objects && Buffer.byteLength(given) <= limits.bytes)
        assert.deepEqual(parseDetails(JSON.stringify(read.value)), read)
        return undefined
      }),
    ),
    always(
      'a member that is named twice is refused, however it is spelled',
      fc.property(words, fc.boolean(), fc.boolean(), (name, deep, escaped) => {
        const spelled = escaped ? [...name].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('') : name
        const twice = `{"type":"a","${name}":1,"${spelled}":{"z":"\\\\"}}`
        assert.equal(parseDetails(deep ? `[{"type":"a","in":[${twice}]}]` : `[${twice}]`).ok, false)
      }),
      0.1,
    ), // prettier-ignore
    alwaysAsync(
      'what a request may ask is of a type known here, as its schema says, and a token may ask for it too',
      fc.asyncProperty(text, async (given) => {
        const parameters = bag({ authorization_details: given })
        const asked = await detailsRequested(issuer, given === '' ? bag({}) : parameters)
        if (!asked.ok || asked.value === undefined) return
        assert.ok(asked.value.every(({ type }) => Object.hasOwn(detailSettings, type)))
        assert.deepEqual(await detailsOfToken(issuer, parameters), asked)
        assert.ok(within(issuer.detailTypes, asked.value, asked.value))
        const again = bag({ authorization_details: JSON.stringify(asked.value) })
        assert.deepEqual(await detailsRequested(issuer, again), asked)
      }),
      0.6,
    ),
  ],
}

export const detailRights: Parser = {
  name: 'comparison of details',
  source: 'src/authorization-details/compare.ts',
  properties: [
    always(
      'one lies within another exactly when it gives no right the other does not give',
      fc.property(typesAndDetails(2), ([types, [x = [], y = []]]) => {
        const inside = x.every((one) => y.some((other) => isInside(rightsOf(types, [one]), rightsOf(types, [other]))))
        assert.equal(within(types, x, y), inside)
        assert.equal(sameDetails(types, x, y), within(types, x, y) && within(types, y, x))
      }),
    ), // prettier-ignore
    always(
      'a union gives all rights of both and no others, a token never more than was granted',
      fc.property(typesAndDetails(2), ([types, [x = [], y = []]]) => {
        const both = rightsOf(types, union(types, x, y))
        const all = rightsOf(types, [...x, ...y])
        assert.ok(isInside(both, all) && isInside(all, both))
        const less = narrowed(types, x, y)
        assert.equal(less === undefined, !within(types, x, y))
        assert.equal(problemBeyond(types, x, y) === undefined, less !== undefined)
        if (less !== undefined) assert.ok(isInside(rightsOf(types, less), rightsOf(types, y)))
      }),
      0.5,
    ),
    always(
      'within is reflexive and transitive',
      fc.property(typesAndDetails(3), ([types, [x = [], y = [], z = []]]) => {
        assert.ok(within(types, x, x))
        if (within(types, x, y) && within(types, y, z)) assert.ok(within(types, x, z))
        assert.ok(within(types, x, union(types, x, y)))
      }),
      0.3,
    ),
    always(
      'what a service offers to choose is as its schema says and can be shown, or is an error',
      fc.property(anyJson(4), fc.array(mangledRecord({ value: 'x', label: 'A', hint: 'b' }, value), { maxLength: 3 }), (any, items) => {
        const type = typeWith({}, { schema: { type: 'object', properties: { member: { type: 'string' } } }, enrich: { member: { service: 'S', many: false, least: 0 } } })
        for (const answer of [any, items]) {
          try {
            const choices = checkChoices(answer, type, 'member')
            assert.ok(choices.every((choice) => typeof choice.value === 'string' && choice.label.length <= 80))
          } catch (error) {
            assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error))
          }
        }
      }),
      0.3,
    ), // prettier-ignore
  ],
}
