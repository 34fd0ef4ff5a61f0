import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkChoices, choicesFor } from '../../../src/authorization-details/choices.ts'
import {
  checkField,
  chosenDetails,
  offerOf,
  radioField,
  takeField,
} from '../../../src/authorization-details/offer.ts'
import type { Chosen, DetailChoices } from '../../../src/authorization-details/offer.ts'
import { within } from '../../../src/authorization-details/compare.ts'
import type { Call } from '../../../src/call.ts'
import { bag, makeIssuer } from '../support/issuer.ts'
import { makeCall } from '../support/call.ts'
import { holds } from '../support/property.ts'
import { detailSettings, payment } from './support/shipped.ts'

const issuer = makeIssuer({ authorization_details_types: detailSettings })
const types = issuer.detailTypes
const account = types['account_information']
const payments = types['payment_initiation']
if (account === undefined || payments === undefined) throw new Error('the types are there')
const [first, second] = [{ iban: 'DE02120300000000202051' }, { iban: 'DE02500105170137075030' }]
const choice = { value: first, label: 'Current account' }

describe('what a service says can be chosen', () => {
  it('RAR-10 is taken when it is as it should be, each value once', () => {
    const hint = 'the hint'
    const list = [choice, { value: second, label: 'Savings', hint, color: 'red' }, { ...choice, label: 'Again' }]
    expect(checkChoices(list, account, 'accounts')).toEqual([choice, { value: second, label: 'Savings', hint }])
    expect(checkChoices(list, payments, 'debtorAccount')).toHaveLength(2)
    expect(checkChoices([], account, 'accounts')).toEqual([])
  }) // prettier-ignore

  it.each([
    ['nothing', undefined], ['no list', { 0: choice }], ['a text', 'x'], ['a list of texts', ['x']], ['another value', [{ ...choice, value: { iban: 'x' } }]],
    ['more members', [{ ...choice, value: { ...first, bic: 'X' } }]], ['no value', [{ label: 'x' }]], ['no label', [{ value: first }]],
    ['an empty label', [{ ...choice, label: ' ' }]], ['an invisible label', [{ ...choice, label: '\u200b\u202e' }]], ['a long label', [{ ...choice, label: 'x'.repeat(81) }]],
    ['a long hint', [{ ...choice, hint: 'x'.repeat(121) }]], ['a hint that is no text', [{ ...choice, hint: 5 }]], ['too many', Array(33).fill(choice)],
    ['half a character', [{ ...choice, value: { iban: '\ud800' } }]],
  ])('RAR-10 is refused when it is %s', (_what, answer) => {
    expect(() => checkChoices(answer, account, 'accounts')).toThrow()
    expect(checkChoices([choice], account, 'accounts')).toEqual([choice])
  }) // prettier-ignore

  const ask = (choices: unknown, detail: object = { type: 'account_information', actions: ['list_accounts'] }) => {
    const call = { ...makeCall({ issuer }), env: choices === undefined ? {} : { BANK: { choices } } } as unknown as Call
    return choicesFor(call, [detail as typeof payment], { subject: 's', client_id: 'app', language: 'en' })
  } // prettier-ignore

  it('RAR-10 is asked with the person as the client knows them, and no more than is needed', async () => {
    const asked: unknown[] = []
    const detail = { type: 'account_information', actions: ['list_accounts'] }
    const answer = await ask(async (request: unknown) => {
      asked.push(request)
      return Promise.resolve([choice])
    }, detail)
    expect(answer).toEqual([{ accounts: [choice] }])
    expect(asked).toEqual([{ version: 1, issuer: issuer.url, subject: 's', client_id: 'app', type: detail.type, member: 'accounts', detail, language: 'en' }]) // prettier-ignore
  })

  it('RAR-10 cannot be offered when the service is missing, fails or has too little', async () => {
    await expect(ask(undefined)).rejects.toThrow("the binding 'BANK' is missing")
    await expect(ask(() => Promise.reject(new Error('down')))).rejects.toThrow('down')
    await expect(ask(() => Promise.resolve([]))).rejects.toThrow('too few')
    await expect(ask(() => Promise.resolve('x'))).rejects.toThrow('not a list')
  })
})

describe('what a person chose', () => {
  const asked = [payment, { type: 'account_information', actions: ['list_accounts'] }]
  const offers = [choice, { value: second, label: 'Savings' }]
  const choices: readonly DetailChoices[] = [{ debtorAccount: offers }, { accounts: offers }]
  const answer = (fields: Readonly<Record<string, string>>, others = true): Chosen =>
    chosenDetails(types, { asked, offered: offerOf(asked, choices, { others }), form: bag(fields), assigned: ['one', 'two'], others }) // prettier-ignore

  it('RAR-10 RAR-20 is what they left in, with what they ticked', () => {
    const pay = { [takeField(0)]: '1', [radioField(0, 'debtorAccount')]: '1' }
    expect(answer(pay)).toEqual({ details: [{ ...payment, debtorAccount: second, identifier: 'one' }] }) // prettier-ignore
    const see = { [takeField(1)]: '1', [checkField(1, 'accounts', 0)]: '1', [checkField(1, 'accounts', 1)]: '1' } // prettier-ignore
    expect(answer(see)).toEqual({ details: [{ ...asked[1], accounts: [first, second] }] })
    expect(answer({})).toEqual({ details: [] })
    expect(answer({}, false)).toEqual({ incomplete: { why: 'nothing-left' } })
  })

  it('RAR-20 of a single detail alone is not left out by saying nothing', () => {
    const given = { offered: offerOf([payment], choices, { others: false }), assigned: ['one'], others: false } // prettier-ignore
    const form = bag({ [radioField(0, 'debtorAccount')]: '0' })
    const chosen = chosenDetails(types, { ...given, asked: [payment], form })
    expect(chosen).toEqual({ details: [{ ...payment, debtorAccount: first, identifier: 'one' }] })
    const silent = chosenDetails(types, { ...given, asked: [payment], form: bag({}) })
    expect(silent).toEqual({ incomplete: { why: 'choose', index: 0, member: 'debtorAccount' } })
  })

  it('RAR-10 never goes beyond what was asked and offered, whatever is sent', () => {
    const names = [takeField(0), takeField(1), radioField(0, 'debtorAccount'), radioField(1, 'accounts'), checkField(1, 'accounts', 0), checkField(1, 'accounts', 1), checkField(1, 'accounts', 2), checkField(0, 'debtorAccount', 0), 'choose.0.identifier', 'choose.1.actions.0', 'take.2'] // prettier-ignore
    const forms = fc.dictionary(fc.constantFrom(...names), fc.constantFrom('', '0', '1', '2', '-1', '01', '{"iban":"X"}', '__proto__')) // prettier-ignore
    const most = [
      ...[first, second].map((debtorAccount) => ({ ...payment, debtorAccount, identifier: 'one' })),
      { type: 'account_information', actions: ['list_accounts'], accounts: [first, second] },
    ]
    holds(
      fc.property(forms, (form) => {
        const chosen = answer(form)
        if ('details' in chosen) expect(within(types, chosen.details, most)).toBe(true)
      }),
      1000,
    )
  })
})
