import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startExampleClient } from '../../demo/example-client.ts'
import type { ExampleClient } from '../../demo/example-client.ts'
import { InvalidForm } from '../../demo/example-client/errors.ts'
import { html } from '../../demo/example-client/html.ts'
import { readPaymentForm } from '../../demo/example-client/payments.ts'
import { createBrowser } from '../support/browser.ts'

let app: ExampleClient

beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign'])) as CryptoKeyPair
  const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.privateKey)), kid: 'test' }
  // Nothing listens on port 1.
  const bank = { issuer: 'http://127.0.0.1:1', api: 'http://127.0.0.1:1' }
  app = await startExampleClient({ ...bank, port: 0, clientId: 'example-client', jwk })
})
afterAll(() => app.close())

describe('the example client', () => {
  it('says so when the bank cannot be reached, and offers another try', async () => {
    const page = await (await createBrowser().open(app.url)).follow('connect')
    expect([page.status, page.element('error')]).toEqual([502, 'unreachable'])
    expect(page.links.some(({ id }) => id === 'connect')).toBe(true)
  })

  it('takes no answer that this browser did not ask for (login CSRF)', async () => {
    const answer = new URL('/callback?code=stolen&state=x&iss=http://127.0.0.1:1', app.url)
    const page = await createBrowser().open(answer, { from: 'cross-site' })
    expect([page.status, page.element('error')]).toEqual([400, 'unexpected_answer'])
  })

  it('changes nothing for a form sent from elsewhere', async () => {
    const browser = createBrowser()
    for (const path of ['/refresh', '/disconnect', '/pay']) {
      const url = new URL(path, app.url)
      expect((await browser.post(url, {}, { from: 'cross-site' })).status).toBe(403)
      expect((await browser.open(url)).status).toBe(404)
      // Nobody filled in whom to pay.
      expect((await browser.post(url, {})).status).toBe(path === '/pay' ? 400 : 200)
    }
  })

  it('answers at one address only, the one its registered redirect names', async () => {
    const browser = createBrowser()
    const foreign = { headers: { host: 'rebound.example' } }
    expect((await browser.open(app.url, foreign)).status).toBe(421)
    const local = await browser.open(app.url.replace('127.0.0.1', 'localhost'))
    expect(local.redirectedTo?.href).toBe(app.url)
  })

  it('escapes whatever the bank says', () => {
    expect(html`<p title="${`"><script>`}">${[html`<b>${"'&"}</b>`]}</p>`.text).toBe(
      '<p title="&#34;&#62;&#60;script&#62;"><b>&#39;&#38;</b></p>',
    )
  })
})

describe('the form of a payment', () => {
  const form = (fields: Readonly<Record<string, string>> = {}) =>
    new URLSearchParams({ amount: '12.50', creditor: 'A & B', iban: 'DE75 5121 0800 1245 1261 99', ...fields }) // prettier-ignore

  it('is read as people write: a comma in the amount, spaces in the IBAN', () => {
    const order = {
      instructedAmount: { currency: 'EUR', amount: '12.50' },
      creditorName: 'A & B',
      creditorAccount: { iban: 'DE75512108001245126199' },
    }
    expect(readPaymentForm(form())).toEqual(order)
    const spelled = { amount: ' 012,5 ', creditor: ' A & B ', iban: 'de75512108001245126199' }
    expect(readPaymentForm(form({ ...spelled, reference: ' ' }))).toEqual(order)
    const told = { ...order, remittanceInformationUnstructured: 'Pears' }
    expect(readPaymentForm(form({ reference: 'Pears' }))).toEqual(told)
  })

  it.each<Readonly<Record<string, string>>>([
    { amount: '' }, { amount: '0' }, { amount: '0,00' }, { amount: '-1' }, { amount: '1e3' }, { amount: '1.234' },
    { amount: '1 000' }, { amount: '1234567890' }, { creditor: ' ' }, { iban: '' },
  ])('is not guessed at: %j', (fields) => {
    expect(() => readPaymentForm(form(fields))).toThrow(InvalidForm)
  }) // prettier-ignore

  it('is too long at 4 KiB', async () => {
    const url = new URL('/pay', app.url)
    const page = await createBrowser().post(url, { ...Object.fromEntries(form()), creditor: 'A'.repeat(5_000) }) // prettier-ignore
    expect([page.status, page.element('error')]).toEqual([400, 'invalid_form'])
    const sent = await createBrowser().post(url, Object.fromEntries(form()))
    expect([sent.status, sent.element('error')]).toEqual([502, 'unreachable'])
  })
})
