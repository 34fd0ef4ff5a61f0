import type { CreationOptions, RequestOptions } from './authenticator.ts'
import type { Page } from './browser.ts'
import { readElementAttributes } from './html.ts'

/** What the page gives its script: see `pages/passkey-script.ts`, which this stands in for. */
export type Asked = {
  readonly options: CreationOptions &
    RequestOptions & {
      readonly allowCredentials: readonly { readonly id: string }[]
      readonly excludeCredentials: readonly { readonly id: string }[]
    }
  readonly ceremony: string
  readonly action: string
  readonly interaction: string
}

/** The area of a page that asks for a passkey; undefined when it does not ask. */
export function asked(page: Page): Asked | undefined {
  const area = readElementAttributes(page.text, 'passkey-area')
  if (area === undefined) return undefined
  const attribute = (name: string) => area.get(`data-${name}`) ?? ''
  return {
    options: JSON.parse(attribute('options')) as Asked['options'],
    ceremony: attribute('ceremony'),
    action: attribute('action'),
    interaction: attribute('interaction'),
  }
}
