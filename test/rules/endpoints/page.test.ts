import { describe, expect, it } from 'vitest'
import { asset } from '../../../src/endpoints/assets.ts'
import { errorPage, frame, page } from '../../../src/endpoints/page.tsx'
import type { Refusal } from '../../../src/errors.ts'
import { everythingTold, tell } from '../../../src/people/told.ts'
import { de } from '../../../src/pages/words/de.ts'
import { en } from '../../../src/pages/words/en.ts'
import { makeCall } from '../support/call.ts'
import { makeIssuer } from '../support/issuer.ts'

const svg = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
const branding = {
  colors: { light: { accent: '#1a6b3c' } },
  logo: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`,
  default_language: 'de',
  support_url: 'https://bank.example/help',
}
const branded = makeIssuer({ branding })
const plain = makeIssuer()
const callFrom = (acceptLanguage?: string, issuer = plain) =>
  makeCall({
    issuer,
    headers: acceptLanguage === undefined ? {} : { 'accept-language': acceptLanguage },
  })

describe('a page', () => {
  it('says its language, which is that of whoever reads it', async () => {
    const shown = await frame(callFrom('de-DE, en;q=0.5'))
    expect(shown.words).toBe(de)
    expect(page('', { frame: shown, status: 200 }).headers.get('content-language')).toBe('de')
    expect((await frame(callFrom('de'), ['en'])).words).toBe(en)
    expect((await frame(callFrom(undefined, branded))).words).toBe(de)
    expect((await frame(callFrom('en', branded))).words).toBe(en)
  })

  it('ATK-A1-22 may load images only where the issuer has a logo, and those from here', async () => {
    const policy = async (issuer = plain) => {
      const shown = await frame(callFrom(undefined, issuer))
      return page('', { frame: shown, status: 200 }).headers.get('content-security-policy')
    }
    expect(await policy()).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    expect(await policy(branded)).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
  })
})

describe('what pages load', () => {
  const served = async (address: string, issuer = branded) =>
    asset({ ...callFrom(undefined, issuer), path: new URL(address).pathname })

  it('is found at addresses with its hash, and kept for ever', async () => {
    const { stylesheet, brand } = await frame(callFrom(undefined, branded))
    expect(stylesheet).toMatch(/^https:\/\/as\.bank\.example\/assets\/style-[0-9a-f]{16}\.css$/)
    const style = await served(stylesheet)
    expect(style?.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(style?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(await style?.text()).toContain('--deep: #1a6b3c;')
    expect(brand.logo).toMatch(/^https:\/\/as\.bank\.example\/assets\/logo-[0-9a-f]{16}\.svg$/)
    expect(brand.support).toBe('https://bank.example/help')
  })

  it('ATK-A1-22 is an image of its own, in a sandbox, where it is the logo', async () => {
    const { brand } = await frame(callFrom(undefined, branded))
    const logo = await served(brand.logo ?? '')
    expect(await logo?.text()).toBe(svg)
    expect(logo?.headers.get('content-type')).toBe('image/svg+xml')
    expect(logo?.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    )
  })

  it("is each issuer's own", async () => {
    const { stylesheet, brand } = await frame(callFrom(undefined, branded))
    const own = await frame(callFrom())
    expect(own.stylesheet).not.toBe(stylesheet)
    expect(own.brand.logo).toBeUndefined()
    for (const address of [stylesheet, brand.logo ?? '']) {
      expect(await served(address, plain)).toBeUndefined()
    }
    expect(
      await served('https://as.bank.example/assets/style-0000000000000000.css'),
    ).toBeUndefined()
  })
})

describe('an error page', () => {
  const shown = async (refusal: Refusal, language: string) => {
    const response = await errorPage(callFrom(language), refusal, 'ref-1')
    return { response, text: await response.text() }
  }

  it('tells people in their language what happened, whatever it is', async () => {
    for (const [language, words] of [['en', en], ['de', de]] as const) {
      for (const told of everythingTold) {
        const { refusal } = tell(told, 'a detail for the log')
        const { response, text } = await shown(refusal, language)
        expect(response.headers.get('content-language')).toBe(language)
        expect(text).toContain(`<h1>${words.errors.told[told].title}</h1>`)
        expect(text).toContain(`<code id="error">${refusal.code}</code>`)
        expect(text).toContain('<code id="reference">ref-1</code>')
        expect(text).not.toContain('a detail for the log')
      }
    }
  }) // prettier-ignore

  it('has words for errors of the protocol, and shows theirs to developers only', async () => {
    const refusal = { code: 'invalid_request', description: 'request_uri occurs twice' } as const
    const { text } = await shown(refusal, 'de')
    expect(text).toContain(de.errors.codes.invalid_request.title)
    expect(text).toMatch(
      /<details>.*<p lang="en" dir="ltr">request_uri occurs twice<\/p><\/details>/,
    )
    const other = await shown({ code: 'invalid_target', description: 'x' }, 'de')
    expect(other.text).toContain(de.errors.otherwise.title)
  })

  it('shows the way to help where the issuer has one', async () => {
    const response = await errorPage(callFrom('en', branded), tell('link-expired').refusal, 'r')
    expect(await response.text()).toContain('<a id="help" href="https://bank.example/help">')
    expect((await shown(tell('link-expired').refusal, 'en')).text).not.toContain('id="help"')
  })
})
