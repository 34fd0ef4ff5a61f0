import type { Page } from 'playwright-core'
import { wholePage } from './site.ts'
import type { Site } from './site.ts'

/** What a form would send, button included. */
export type Submission = {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** What each button of each form on the page would send. */
export async function submissionsOf(page: Page): Promise<readonly Submission[]> {
  return page.evaluate<readonly Submission[]>(`
    [...document.forms].flatMap((form) =>
      [...form.querySelectorAll('button')].map((button) => ({
        action: new URL(form.getAttribute('action'), document.baseURI).href,
        fields: Object.fromEntries(new FormData(form, button)),
      })))
  `)
}

/** Lets the attacker's page send a form in the victim's browser, and waits for where that leads. */
export async function postFrom(site: Site, page: Page, form: Submission): Promise<void> {
  const inputs = Object.entries(form.fields).map(
    ([name, value]) => `<input name="${attribute(name)}" value="${attribute(value)}">`,
  )
  const html = `<form method="post" action="${attribute(form.action)}">${inputs.join('')}<button id="lure">Win</button></form>`
  site.serve('/lure', wholePage('Lure', html))
  await page.goto(`${site.origin}/lure`)
  await page.click('#lure')
}

/** A page of the attacker with these addresses in frames. */
export async function frame(site: Site, page: Page, urls: readonly string[]): Promise<void> {
  const frames = urls.map((url) => `<iframe src="${attribute(url)}"></iframe>`)
  site.serve('/frames', wholePage('Frames', frames.join('')))
  await page.goto(`${site.origin}/frames`, { waitUntil: 'load' })
}

const attribute = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
