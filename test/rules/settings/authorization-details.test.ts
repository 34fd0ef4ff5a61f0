import { describe, expect, it } from 'vitest'
import { makeIssuer } from '../support/issuer.ts'
import { problem, sentence } from '../support/settings.ts'

const text = { type: 'string', maxLength: 20 }
const words = (sentences: readonly string[], more = {}) => ({ title: 'Do it', sentences, ...more })
const both = (said: object) => ({ en: said, de: said })
const schema = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const sound = { schema: schema({ a: text }), consent: both(words(['A: {a}'])) }
const withType = (definition: unknown, name = 't') => ({
  authorization_details_types: { [name]: definition },
})
const told = (changes: object) => problem(withType({ ...sound, ...changes }))
const toldOf = (property: object, kind = '', more: object = {}) =>
  problem(
    withType({ schema: schema({ a: property }), consent: both(words([`{a${kind}}`])), ...more }),
  )

describe('types of authorization details', () => {
  it('RFC 9396 11 are none by default, shipped ones by any name, or whole definitions', () => {
    expect(makeIssuer().detailTypes).toEqual({})
    const uri = 'https://bank.example/pay'
    const enrich = { debtorAccount: { service: 'BANK' } }
    const { detailTypes } = makeIssuer({
      authorization_details_types: { t: sound, [uri]: { use: 'payment_initiation', enrich } },
    })
    expect(Object.keys(detailTypes)).toEqual(['t', uri])
    expect(detailTypes[uri]).toMatchObject({
      resourceServers: ['https://api.bank.example'],
      assign: 'identifier',
      enrich: { debtorAccount: { service: 'BANK', many: false, least: 1 } },
    })
    expect(Object.isFrozen(detailTypes[uri])).toBe(true)
  })

  it.each([
    [{ use: 'unknown' }, "no type 'unknown' is shipped"],
    [{ use: 'toString' }, "no type 'toString' is shipped"],
    [{ use: 'payment_initiation' }, "enrich 'debtorAccount': 'service' is missing"],
    [{ use: 'patient_record', schema: {} }, "unknown setting 'schema'"],
    [{ use: 'patient_record', resource_servers: ['https://x.example'] }, 'is no resource server here'],
    [{ ...sound, color: 1 }, "unknown setting 'color'"], ['x', 'must be an object'], [[], 'must be an object'],
  ])('are not %j', (definition, about) => {
    expect(problem(withType(definition))).toEqual(sentence(about))
    expect(problem(withType(sound))).toBeUndefined()
  }) // prettier-ignore

  it.each(['', 'a b', 'ä', '<b>', 'x'.repeat(129)])('are not called %j', (name) => {
    expect(problem(withType(sound, name))).toEqual(sentence('a type is called by'))
  })

  it('name who sees them where no resource server is the default', () => {
    const resource_servers = [{ identifier: 'https://api.bank.example' }]
    const named = { ...sound, resource_servers: ['https://api.bank.example'] }
    expect(problem({ ...withType(sound), resource_servers })).toEqual(sentence('resource_servers must say who may see it')) // prettier-ignore
    expect(problem({ ...withType(named), resource_servers })).toBeUndefined()
  })
})

describe('the schema of a type', () => {
  it.each([
    [undefined, 'must be an object'], [{ type: 'string', maxLength: 2 }, 'must be of an object'],
    [{ ...schema({ a: text }), additionalProperties: true }, "'additionalProperties': false"],
    [{ type: 'object', properties: { a: text } }, "'additionalProperties': false"],
    [schema({}), "must have 'properties'"], [schema({ a: text }, ['b']), "'required' must name members that exist"],
    [schema({ type: text }), "'type' is known"], [schema({ 'a b': text }), 'a member cannot be called'],
    [{ ...schema({ a: text }), $ref: '#' }, "unknown setting '$ref'"],
    [{ ...schema({ a: text }), patternProperties: {} }, "unknown setting 'patternProperties'"],
    [schema({ a: {} }), "'type' must be one of"], [schema({ a: { type: 'string' } }), "needs 'maxLength'"],
    [schema({ a: { ...text, maxLength: 513 } }), "needs 'maxLength'"], [schema({ a: { ...text, pattern: '(' } }), 'not a regular expression'],
    [schema({ a: { ...text, format: 'ipv4' } }), "'format' must be one of"],
    [schema({ a: { type: 'string', enum: [1] } }), "'enum' must be a list"],
    [schema({ a: { type: 'array', items: text } }), "needs 'maxItems'"],
    [schema({ a: { type: 'array', maxItems: 2, items: { type: 'array', maxItems: 2, items: text } } }), 'a list of lists'],
    [schema({ a: schema({ b: text }) }), 'must require a member'],
  ])('is not %j', (wrong, about) => {
    expect(told({ schema: wrong })).toEqual(sentence(about))
  }) // prettier-ignore
})

describe('the comparison of a type', () => {
  it.each([
    [{ b: 'equal' }, 'is no member of the schema'], [{ a: 'like' }, "'by' must be one of"], [{ a: 'subset' }, 'compares values of type array'],
    [{ a: 'members' }, 'compares values of type object'], [{ a: { by: 'equal', absent: 'none' } }, "'absent' must be one of"],
    [{ a: { by: 'equal', members: {} } }, "'members' needs that 'by'"], [{ a: 1 }, 'must be a name or an object'], [[], 'compare must be an object'],
  ])('is not %j', (compare, about) => {
    expect(told({ compare })).toEqual(sentence(about))
    expect(told({ compare: { a: { by: 'at-most', absent: 'any' } } })).toBeUndefined()
  }) // prettier-ignore

  it('RAR-12 takes locations as sets', () => {
    const locations = { type: 'array', maxItems: 3, items: text }
    const consent = both(words(['{locations:list}']))
    const definition = { schema: schema({ locations }), consent }
    expect(problem(withType(definition))).toEqual(sentence("must say 'subset' for locations"))
    const compare = { locations: 'subset' }
    expect(problem(withType({ ...definition, compare }))).toBeUndefined()
  })
})

describe('the words of a type', () => {
  it.each([
    [undefined, 'consent must be an object'], [{ en: words(['{a}']) }, "consent 'de' is missing"],
    [{ ...both(words(['{a}'])), fr: words(['{a}']) }, "unknown setting 'fr'"], [both({ sentences: ['{a}'] }), "'title' is missing"],
    [both(words(['{b}'])), "'b' is no member of a request"], [both(words(['{a:iban:x}'])), 'is no placeholder'],
    [both(words(['{a'])), 'is no placeholder'], [both(words(['{a:color}'])), "cannot be written as 'color'"],
    [both(words(['{a:list}'])), "cannot be written as 'list'"], [both(words(['{a:amount}'])), "cannot be written as 'amount'"],
    [both(words([])), "no sentence is sure to say 'a'"], [both(words(['{a}'], { questions: { a: '?' } })), "unknown setting 'a'"],
  ])('are not %j', (consent, about) => {
    expect(told({ consent })).toEqual(sentence(about))
  }) // prettier-ignore

  it('say every member whenever it is there', () => {
    const two = (required: readonly string[], ...sentences: readonly string[]) =>
      problem(withType({ schema: schema({ a: text, b: text }, required), consent: both(words(sentences)) })) // prettier-ignore
    expect(two(['a'], '{a} with {b}')).toEqual(sentence("no sentence is sure to say 'a'"))
    expect(two(['b'], '{a} with {b}')).toEqual(sentence("no sentence is sure to say 'b'"))
    expect(two(['a', 'b'], '{a} with {b}')).toBeUndefined()
    expect(two(['a'], '{a}', '{a} with {b}')).toBeUndefined()
    expect(two([], '{a}', '{b}')).toBeUndefined()
  })

  it('have a label for every value that is a name', () => {
    const property = { type: 'string', enum: ['x', 'y'] }
    expect(toldOf(property)).toEqual(sentence("no label for 'x' of 'a'"))
    const labels = { a: { x: 'X', y: 'Y' } }
    const consent = both(words(['{a}'], { labels }))
    expect(toldOf(property, '', { consent })).toBeUndefined()
    expect(toldOf({ type: 'boolean' })).toEqual(sentence("no label for 'true' of 'a'"))
  })

  it('ask a question for what is chosen, which a request does not hold', () => {
    const enrich = { a: { service: 'BANK' } }
    expect(told({ enrich })).toEqual(sentence("'a' is no member of a request"))
    const consent = (questions = {}) => both(words([], { questions }))
    expect(told({ enrich, consent: consent() })).toEqual(sentence("no question for 'a'"))
    expect(told({ enrich, consent: consent({ a: 'Which?' }) })).toBeUndefined()
    const required = schema({ a: text }, ['a'])
    expect(told({ enrich, consent: consent({ a: 'Which?' }), schema: required })).toEqual(sentence('is filled in at consent')) // prettier-ignore
    const many = { a: { service: 'BANK', many: true } }
    expect(told({ enrich: many, consent: consent({ a: 'Which?' }) })).toEqual(sentence("'many' must be true for a list")) // prettier-ignore
    expect(told({ assign: 'b' })).toEqual(sentence("assign 'b' is no member of the schema"))
    const one = { consent: consent({ a: 'Which?' }), compare: { a: { absent: 'any' } } }
    const least = (count: number) => ({ enrich: { a: { service: 'BANK', least: count } }, ...one })
    expect(told(least(0))).toEqual(sentence("who chooses nothing for 'a' would agree to all of it"))
    expect(told(least(1))).toBeUndefined()
  })
})
