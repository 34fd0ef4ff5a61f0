import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeAgent, namesOf, whenceOf } from '../../../src/people/device.ts'
import { makeCall } from '../support/call.ts'
import { holds } from '../support/property.ts'

describe('what a browser says it is', () => {
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox/windows'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', 'chrome/windows'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', 'edge/windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15', 'safari/macos'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1', 'safari/ios'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1', 'chrome/ios'],
    ['Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36', 'chrome/android'],
    ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36', 'samsung/android'],
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 OPR/120.0', 'opera/linux'],
    ['curl/8.5.0', '-/-'],
    ['', '-/-'],
  ])('%s is %s', (agent, device) => {
    expect(describeAgent(agent)).toBe(device)
  }) // prettier-ignore

  it('leaves nothing of what was sent, whatever it was', () => {
    holds(
      fc.property(fc.string(), (agent) => {
        expect(describeAgent(agent)).toMatch(/^[a-z-]+\/[a-z-]+$/)
      }),
    )
  })

  it('has names for its tokens and none for anything else', () => {
    expect(namesOf('firefox/windows')).toEqual({ browser: 'Firefox', system: 'Windows' })
    for (const device of [undefined, '', '-/-', '__proto__/constructor', '<b>/x']) {
      expect(namesOf(device)).toEqual({ browser: undefined, system: undefined })
    }
  })

  it('comes with a country only where the platform names one', () => {
    const from = (country: unknown) => {
      const call = makeCall({ headers: { 'user-agent': 'curl/8' } })
      return whenceOf({ ...call, request: Object.assign(call.request, { cf: { country } }) })
    }
    expect(from('AT')).toEqual({ device: '-/-', country: 'AT' })
    for (const country of ['XX', 'T1', 'at', '', '<b>', 7, undefined, null]) {
      expect(from(country)).toEqual({ device: '-/-' })
    }
  })
})
