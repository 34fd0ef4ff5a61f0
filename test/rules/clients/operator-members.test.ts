import { describe, expect, it } from 'vitest'
import { checkClientMetadata } from '../../../src/clients/metadata.ts'
import { checkOperatorMembers } from '../../../src/clients/operator-members.ts'
import { makeClient, makeIssuer, valueOf } from '../support/issuer.ts'
import { makeKey } from '../support/keys.ts'

describe('a verified client', () => {
  it('issue 3.6 is made by operators', () => {
    expect(valueOf(checkOperatorMembers({ operator_verified: true }))).toEqual({
      operator_verified: true,
    })
    expect(valueOf(checkOperatorMembers({ client_name: 'App' }))).toEqual({})
  })

  it('issue 3.6 is not made by what a client says of itself', async () => {
    const { publicJwk } = await makeKey()
    const claimed = {
      ...makeClient().metadata,
      jwks: { keys: [publicJwk] },
      operator_verified: true,
    }
    const metadata = valueOf(checkClientMetadata(claimed, makeIssuer()))
    expect(metadata.client_name).toBe('App')
    expect(metadata).not.toHaveProperty('operator_verified')
  })

  it.each(['true', 1, null, {}])('is not made by %j', (operator_verified) => {
    expect(checkOperatorMembers({ operator_verified })).toMatchObject({
      ok: false,
      refusal: { code: 'invalid_client_metadata' },
    })
  })
})
