import http from 'node:http'
import { describe, expect, test } from 'vitest'
import { createFetch } from '../../cli/fetch-with-ca.ts'
import { explain } from '../../cli/failure.ts'
import { ca, patient } from './patient.ts'
import { bodyOf, listen } from './support.ts'

const echo = async (answer: http.RequestListener) =>
  `http://127.0.0.1:${await listen(http.createServer(answer))}`

describe('the fetch that trusts what it was told to trust', () => {
  test('reaches a server of the given CA, and no other way', async () => {
    const url = `${await patient()}/jwks`
    expect((await createFetch({ ca })(url)).status).toBe(200)
    const refused = await createFetch()(url).catch(explain)
    expect(refused).toBe('its certificate is not trusted; name its CA with --ca FILE')
  })

  test('refuses a certificate for another name', async () => {
    const url = (await patient()).replace('localhost', '127.0.0.1')
    const refused = await createFetch({ ca })(url).catch(explain)
    expect(refused).toBe('its certificate is for another host name')
  })

  test('sends forms and JSON as fetch does', async () => {
    const url = await echo((request, response) => {
      void bodyOf(request).then((body) =>
        response.end(JSON.stringify({ type: request.headers['content-type'], body })),
      )
    })
    const form = await createFetch()(url, {
      method: 'POST',
      body: new URLSearchParams({ a: 'ä b' }),
    })
    expect(await form.json()).toEqual({
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'a=%C3%A4+b',
    })
    const headers = { 'content-type': 'application/json' }
    const json = await createFetch()(url, { method: 'PUT', body: '{"a":1}', headers })
    expect(await json.json()).toEqual({ type: 'application/json', body: '{"a":1}' })
  })

  test('takes a redirect as the answer it is', async () => {
    const url = await echo((_, response) =>
      response.writeHead(303, { location: 'http://127.0.0.1:9/' }).end(),
    )
    expect((await createFetch()(url)).status).toBe(303)
  })

  test('shows a header that came twice as two', async () => {
    const url = await echo((_, response) =>
      response.writeHead(204, { 'dpop-nonce': ['a', 'b'] }).end(),
    )
    const { headers } = await createFetch()(url)
    expect(headers.get('dpop-nonce')).toBe('a, b')
  })

  test('gives up when it is told to', async () => {
    const url = await echo(() => undefined)
    const signal = AbortSignal.timeout(50)
    await expect(createFetch()(url, { signal })).rejects.toThrow()
  })

  test('gives up on an answer without end', async () => {
    const url = await echo((_, response) => {
      const chunk = Buffer.alloc(1024 * 1024)
      const more = () => void (response.writable && response.write(chunk, more))
      response.on('error', () => undefined)
      more()
    })
    await expect(createFetch()(url)).rejects.toThrow('longer than 8 MiB')
  })
})
