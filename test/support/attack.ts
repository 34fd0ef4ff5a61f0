import { operatorFixture } from './admin.ts'
import type { Page } from './browser.ts'
import { send } from './http.ts'
import type { Answer } from './http.ts'
import { getResource, makeDpopKey, testClient } from './test-client.ts'
import { sharedServer } from './worker-server.ts'

export { signTexts } from './sign-any.ts'

export { honest } from './sober.ts'

export const formType = 'application/x-www-form-urlencoded'

/** Sends bytes to the issuer as they are, by default as a form. */
export function post(
  path: string,
  body: string | Uint8Array,
  headers: readonly (readonly [string, string])[] = [['content-type', formType]],
): Promise<Answer> {
  return send(`${sharedServer().issuer}${path}`, { method: 'POST', headers, body })
}

/** What a request cost the storage: an answer of the local runtime says so. */
export function storageCost(answer: { readonly headers: Headers }): {
  readonly calls: number
  readonly rows: number
} {
  const [, calls, rows] =
    /calls=(\d+) depth=\d+ rows=(\d+)/.exec(answer.headers.get('server-timing') ?? '') ?? []
  if (calls === undefined || rows === undefined) throw new Error('the answer names no price')
  return { calls: Number(calls), rows: Number(rows) }
}

/** What a person reads on an error page, less the reference, which is new each time. */
export const wordsOf = (page: Page): string =>
  page.words.replace(page.element('reference') ?? '', '')

/** Sends a text to the admin API as the operator: JSON no encoder would write, or none at all. */
export async function openRawAdmin(): Promise<
  (
    method: string,
    path: string,
    body: string,
    headers?: readonly (readonly [string, string])[],
  ) => Promise<Answer>
> {
  const key = await makeDpopKey()
  const fields = { grant_type: 'client_credentials', scope: 'admin' }
  const { accessToken } = await testClient(operatorFixture()).token(fields, { key })
  return (method, path, body, headers = [['content-type', 'application/json']]) =>
    getResource(`${sharedServer().issuer}/admin${path}`, accessToken, {
      key,
      method,
      headers,
      body,
    })
}
