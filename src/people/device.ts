import { placeOf } from '../call.ts'
import type { Call } from '../call.ts'
import type { Whence } from '../objects/account/activity.ts'

/** Families of browsers, the more particular first: most call themselves by several names. */
const browsers: readonly (readonly [token: string, mark: RegExp])[] = [
  ['edge', /\bEdg(?:e|A|iOS)?\//],
  ['opera', /\bOPR\/|\bOpera\b/],
  ['samsung', /\bSamsungBrowser\//],
  ['firefox', /\bFirefox\/|\bFxiOS\//],
  ['chrome', /\bChrome\/|\bCriOS\/|\bChromium\//],
  ['safari', /\bVersion\/[\d.]+.* Safari\//],
]

const systems: readonly (readonly [token: string, mark: RegExp])[] = [
  ['ios', /\biPhone\b|\biPad\b|\biPod\b/],
  ['android', /\bAndroid\b/],
  ['chromeos', /\bCrOS\b/],
  ['windows', /\bWindows\b/],
  ['macos', /\bMac OS X\b|\bMacintosh\b/],
  ['linux', /\bLinux\b/],
]

/** How browsers and systems are called; the same in every language. */
const names: Readonly<Record<string, string>> = {
  edge: 'Edge',
  opera: 'Opera',
  samsung: 'Samsung Internet',
  firefox: 'Firefox',
  chrome: 'Chrome',
  safari: 'Safari',
  ios: 'iOS',
  android: 'Android',
  chromeos: 'ChromeOS',
  windows: 'Windows',
  macos: 'macOS',
  linux: 'Linux',
}

/** Longest `User-Agent` that is looked at. */
const longest = 512

/**
 * What a browser says it is, as tokens of ours: nothing it sent is kept. Honest browsers only; nothing
 * is decided by it.
 *
 * @example describeAgent('Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0') // 'firefox/windows'
 */
export function describeAgent(agent: string): string {
  const text = agent.slice(0, longest)
  const family = (table: typeof browsers) => table.find(([, mark]) => mark.test(text))?.[0] ?? '-'
  return `${family(browsers)}/${family(systems)}`
}

/** The names behind the tokens; a part that is not known is undefined. */
export function namesOf(device: string | undefined): {
  readonly browser: string | undefined
  readonly system: string | undefined
} {
  const [browser = '', system = ''] = (device ?? '').split('/')
  const name = (token: string) => (Object.hasOwn(names, token) ? names[token] : undefined)
  return { browser: name(browser), system: name(system) }
}

/** Where a request comes from, for the list of what happened to an account. */
export function whenceOf(call: Call): Whence {
  const country = placeOf(call.request)?.country
  const known = typeof country === 'string' && /^[A-Z]{2}$/.test(country) && country !== 'XX'
  return {
    device: describeAgent(call.request.headers.get('user-agent') ?? ''),
    ...(known ? { country } : {}),
  }
}
