import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deriveKeys, parseMasterSecret, seal, unseal } from '../../src/secrets.ts'
import type { MasterSecret, SecretKeys } from '../../src/secrets.ts'
import { anyText, holdsAsync } from './support/property.ts'

const one = `one:${Buffer.alloc(32, 1).toString('base64url')}`
const two = `two:${Buffer.alloc(48, 2).toString('base64url')}`

const parsed = (text: string): MasterSecret => {
  const secret = parseMasterSecret(text)
  if (typeof secret === 'string') throw new Error(secret)
  return secret
}
const keysOf = (text: string, label: readonly string[] = ['bank', 'interaction']): SecretKeys =>
  deriveKeys(parsed(text), 'aes', label)
const plain = Uint8Array.from(Buffer.from('progress of a sign-in'))

describe('parseMasterSecret', () => {
  it('takes a list whose first secret is current', () => {
    const secret = parsed(`${two}, ${one}\n`)
    expect(secret.current).toBe('two')
    expect([...secret.keys.keys()]).toEqual(['two', 'one'])
    expect(secret.keys.get('one')).toHaveLength(32)
    expect(secret.keys.get('two')).toHaveLength(48)
  })

  it.each([undefined, null, '', '   ', 1, {}, ['one']])('says that %j is no secret', (value) => {
    expect(parseMasterSecret(value)).toBe('MASTER_SECRET is not set.')
  })

  it.each([
    ['no id', one.slice(4)], ['an empty id', `:${one.slice(4)}`], ['a long id', `a12345678:${one.slice(4)}`],
    ['capitals in an id', `One:${one.slice(4)}`], ['31 bytes', `one:${Buffer.alloc(31).toString('base64url')}`],
    ['padding', `one:${Buffer.alloc(32).toString('base64')}`], ['a value that is not canonical', `${one.slice(0, -1)}F`],
    ['an empty entry', `${one},`], ['a weak second entry', `${one},two:AAAA`], ['semicolons', `${one};${two}`],
  ])('SP-CR-06 says in one sentence what is wrong with %s', (_what, text) => {
    const sentence = parseMasterSecret(text)
    expect(sentence).toMatch(/^MASTER_SECRET must be a list of id:base64url .*\.$/)
    expect(sentence).not.toContain(one.slice(4))
  }) // prettier-ignore

  it('says that an id appears twice, and not the secret', () => {
    expect(parseMasterSecret(`${one},${one}`)).toBe("MASTER_SECRET holds the id 'one' twice.")
  })
})

describe('seal and unseal', () => {
  it('give back what was sealed, and never seal the same way twice', async () => {
    const keys = keysOf(one)
    const sealed = await seal(keys, plain, 'label')
    expect(sealed).not.toBe(await seal(keys, plain, 'label'))
    expect(sealed).toMatch(/^one\.[A-Za-z0-9_-]+$/)
    expect(await unseal(keys, sealed, 'label')).toEqual(plain)
  })

  it('do not open what was altered, in any byte', async () => {
    const keys = keysOf(one)
    const sealed = await seal(keys, plain, 'label')
    const body = Buffer.from(sealed.slice(4), 'base64url')
    for (let at = 0; at < body.length; at += 1) {
      const altered = Buffer.from(body)
      altered[at] = (altered[at] ?? 0) ^ 0x80
      expect(await unseal(keys, `one.${altered.toString('base64url')}`, 'label')).toBeUndefined()
    }
  })

  it('do not open what was cut, extended or written in another way', async () => {
    const keys = keysOf(one)
    const sealed = await seal(keys, plain, 'label')
    const others = [
      '', '.', 'one', 'one.', '..', sealed.slice(0, -1), sealed.slice(4), `${sealed}A`, `${sealed}=`, `${sealed}.`, `${sealed}.A`,
      ` ${sealed}`, `.${sealed}`, sealed.replace('one', 'ONE'), sealed.replace('one', '__proto__'), `one.${'A'.repeat(36)}`,
    ] // prettier-ignore
    for (const other of others) expect(await unseal(keys, other, 'label')).toBeUndefined()
    expect(await unseal(keys, sealed, 'label')).toEqual(plain)
  })

  it('do not open what was sealed for something else', async () => {
    const sealed = await seal(keysOf(one), plain, 'label')
    expect(await unseal(keysOf(one), sealed, 'labe')).toBeUndefined()
    expect(await unseal(keysOf(one), sealed, '')).toBeUndefined()
    expect(await unseal(keysOf(one, ['bank', 'signing-keys']), sealed, 'label')).toBeUndefined()
    expect(await unseal(keysOf(one, ['tenant', 'interaction']), sealed, 'label')).toBeUndefined()
    expect(await unseal(keysOf(one, ['bankinteraction']), sealed, 'label')).toBeUndefined()
  })

  it('do not open what another secret sealed, under the same id too', async () => {
    const sealed = await seal(keysOf(one), plain, 'label')
    const sameId = `one:${Buffer.alloc(32, 9).toString('base64url')}`
    expect(await unseal(keysOf(two), sealed, 'label')).toBeUndefined()
    expect(await unseal(keysOf(sameId), sealed, 'label')).toBeUndefined()
  })

  it('open what an older secret of the list sealed, and seal with the current one', async () => {
    const sealed = await seal(keysOf(one), plain, 'label')
    const rotated = keysOf(`${two},${one}`)
    expect(await unseal(rotated, sealed, 'label')).toEqual(plain)
    expect(await seal(rotated, plain, 'label')).toMatch(/^two\./)
  })

  it('do not open what a removed secret sealed', async () => {
    const sealed = await seal(keysOf(`${two},${one}`), plain, 'label')
    expect(await unseal(keysOf(`${two},${one}`), sealed, 'label')).toEqual(plain)
    expect(await unseal(keysOf(one), sealed, 'label')).toBeUndefined()
  })

  it('open nothing for any text, and never throw', async () => {
    const keys = keysOf(`${one},${two}`)
    const shaped = fc
      .tuple(fc.constantFrom('one', 'two', 'six', ''), fc.uint8Array({ maxLength: 80 }))
      .map(([id, bytes]) => `${id}.${Buffer.from(bytes).toString('base64url')}`)
    await holdsAsync(
      fc.asyncProperty(fc.oneof(anyText(), shaped), async (text) => {
        expect(await unseal(keys, text, 'label')).toBeUndefined()
      }),
    )
  })

  it('give back any bytes under any label', async () => {
    const keys = keysOf(one)
    await holdsAsync(
      fc.asyncProperty(fc.uint8Array(), fc.string(), async (bytes, label) => {
        const given = Uint8Array.from(bytes)
        expect(await unseal(keys, await seal(keys, given, label), label)).toEqual(given)
      }),
    )
  })
})

describe('deriveKeys', () => {
  it('derives keys that never leave, and different ones for each purpose', async () => {
    const secret = parsed(one)
    const tag = async (label: readonly string[]) => {
      const key = await deriveKeys(secret, 'hmac', label).key('one')
      if (key === undefined) throw new Error('no key')
      expect(key.extractable).toBe(false)
      return Buffer.from(await crypto.subtle.sign('HMAC', key, plain)).toString('hex')
    }
    const labels = [['bank', 'nonce'], ['bank', 'code'], ['tenant', 'nonce'], ['banknonce'], ['bank', 'nonce', '']] // prettier-ignore
    const tags = await Promise.all(labels.map(tag))
    expect(new Set(tags).size).toBe(labels.length)
    expect(await tag(['bank', 'nonce'])).toBe(tags[0])
  })

  it('knows no key of a secret that is not in the list', async () => {
    const keys = deriveKeys(parsed(one), 'aes', ['bank'])
    for (const id of ['two', '', 'constructor', '__proto__']) {
      expect(await keys.key(id)).toBeUndefined()
    }
    expect(await keys.key('one')).toBeDefined()
  })
})
