import { namesOf } from '../../people/device.ts'
import { languages } from '../languages.ts'
import type { Frame } from '../layout.tsx'

/**
 * A device in words, as far as it is known.
 *
 * @example deviceInWords({ device: 'firefox/windows', country: 'AT' }, frame) // 'Firefox on Windows, Austria'
 */
export function deviceInWords(
  { device, country }: { readonly device?: string; readonly country?: string },
  { words, lang }: Pick<Frame, 'words' | 'lang'>,
): string {
  const say = words.account.device
  const { browser, system } = namesOf(device)
  const known = browser !== undefined || system !== undefined
  const what = known
    ? say.both(browser ?? say.unknownBrowser, system ?? say.unknownSystem)
    : say.unknownBrowser
  const names = new Intl.DisplayNames(languages[lang].locale, { type: 'region' })
  return country === undefined ? what : say.in(what, names.of(country) ?? country)
}
