import { describe, expect, it } from 'vitest'
import { codeBinding } from '../../../src/authorization/rules/code-binding.ts'
import { pushed, refusalOf, valueOf } from '../support/issuer.ts'

const jkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'
const otherJkt = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
const bind = (...input: Parameters<typeof pushed>) => valueOf(codeBinding(pushed(...input))).dpopJkt

describe('code binding', () => {
  it('DPOP-AS-20 DPOP-AS-21 binds the code to dpop_jkt', () => {
    expect(bind({ dpop_jkt: jkt })).toBe(jkt)
  })

  it('DPOP-AS-22 binds the code to the key that proved itself at PAR', () => {
    expect(bind({}, { sender: { jkt } })).toBe(jkt)
  })

  it('DPOP-AS-23 accepts both when they agree and refuses them when they differ', () => {
    expect(bind({ dpop_jkt: jkt }, { sender: { jkt } })).toBe(jkt)
    const differing = refusalOf(codeBinding, { dpop_jkt: otherJkt }, { sender: { jkt } })
    expect(differing).toBe('invalid_request')
  })

  it('SP-AS-12 leaves the code unbound when there is neither, whatever the certificate', () => {
    expect(valueOf(codeBinding(pushed({})))).toStrictEqual({})
    expect(bind({}, { sender: { x5t: jkt } })).toBeUndefined()
    expect(bind({ dpop_jkt: jkt }, { sender: { x5t: otherJkt } })).toBe(jkt)
  })

  it.each([
    ['shorter', jkt.slice(1)],
    ['longer', `${jkt}A`],
    ['padded', `${jkt}=`],
    ['not canonical', `${jkt.slice(0, -1)}J`],
    ['hex', 'ab'.repeat(32)],
    ['of another alphabet', jkt.replace('-', '+')],
  ])('DPOP-AS-24 refuses a dpop_jkt that is %s', (_what, value) => {
    expect(refusalOf(codeBinding, { dpop_jkt: value })).toBe('invalid_request')
  })
})
