import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { newPerson } from '../support/people.ts'
import { makeDpopKey, testClient } from '../support/test-client.ts'
import { inBrowser } from './support/in-browser.ts'
import { signIn } from './support/people.ts'
import { wholePage } from './support/site.ts'

/** What reached the app, and how. */
type Arrival = { readonly method: string; readonly search: string; readonly body: string }

const arrivals: Arrival[] = []
const site = createServer((request, response) => {
  void readBody(request).then((body) => {
    arrivals.push({ method: request.method ?? '', search: new URL(request.url ?? '', 'http://x').search, body }) // prettier-ignore
    const page = wholePage('Back at the app', '<h1 id="arrived">Back at the app</h1>')
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
  })
})

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}

inBrowser('A person whose answer is posted to the app', ({ visitor }) => {
  let redirectUri = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    redirectUri = `http://127.0.0.1:${(site.address() as AddressInfo).port}/callback`
  })
  afterAll(() => site.close())

  it.each([true, false])(
    'MS-JARM-05 arrives there, by itself or with one button (JavaScript: %s)',
    async (javaScript) => {
      const { page } = await visitor({ javaScript })
      const client = testClient(inject('world').clients.budget)
      const fields = {
        response_mode: 'form_post.jwt',
        redirect_uri: redirectUri,
        scope: 'openid',
        state: `posted ${javaScript}`,
      }
      const { requestUri, answer } = await client.par({ key: await makeDpopKey(), fields })
      expect(answer.status, answer.text).toBe(201)
      await page.goto(client.authorizeUrl(requestUri))
      await signIn(page, await newPerson())
      await page.click('#approve')
      if (!javaScript) await page.click('#continue')
      await page.waitForSelector('#arrived')
      const { method, search, body } = arrivals.at(-1) ?? {}
      expect([method, search]).toEqual(['POST', ''])
      const posted = new URLSearchParams(body)
      expect([...posted.keys()]).toEqual(['response'])
      const claims = decodeJwt(posted.get('response') ?? '')
      expect(claims).toMatchObject({ state: fields.state, code: expect.any(String) as string })
    },
  )
})
