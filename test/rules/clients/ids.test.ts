import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientIdForm, generatedSubPrefix, operatorIdForm } from '../../../src/clients/ids.ts'
import { checkClientId } from '../../../src/clients/metadata.ts'
import { codeOf, valueOf } from '../support/issuer.ts'
import { anyText, holds } from '../support/property.ts'

describe('ids', () => {
  it.each(['app', 'A', '0', 'my.app~1_x-y:z', 'users', 'operators.x', 'user', 'a'.repeat(128)])(
    'takes the client id %s',
    (id) => {
      expect(valueOf(checkClientId(id))).toBe(id)
    },
  )

  it.each([
    '', 'a'.repeat(129), 'a b', 'a/b', 'a\n', 'ä', 'a%20', 'a?b', 'operator.x', 'operator.', 'user-1', 'user-',
    null, undefined, 1, {}, ['app'],
  ])('SP-SC-06 refuses the client id %j', (id) => {
    expect(codeOf(checkClientId(id))).toBe('invalid_client_metadata')
  }) // prettier-ignore

  it('SP-SC-06 ATK-A1-21 keeps operators, clients and people apart, whatever the id', () => {
    const text = fc.oneof(
      anyText(140),
      fc.string().map((rest) => `operator.${rest}`),
      fc.string().map((rest) => `${generatedSubPrefix}${rest}`),
      fc.stringMatching(/^operator\.[a-z0-9-]{1,64}$/),
    )
    holds(
      fc.property(text, (id) => {
        const kinds = [
          clientIdForm.test(id),
          operatorIdForm.test(id),
          id.startsWith(generatedSubPrefix),
        ]
        expect(kinds.filter(Boolean).length).toBeLessThanOrEqual(1)
      }),
      1_000,
    )
  })

  it('takes operator ids of one form', () => {
    for (const id of ['operator.local', 'operator.a-1']) expect(operatorIdForm.test(id)).toBe(true)
    for (const id of [
      'local',
      'operator.',
      'operator.A',
      'operator.a.b',
      'xoperator.a',
      'operator.a\n',
    ]) {
      expect(operatorIdForm.test(id)).toBe(false)
    }
  })
})
