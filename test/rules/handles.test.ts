import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { makeHandle, makeTokenId, readHandle, readTokenId } from '../../src/handles.ts'
import type { HandleKind, TokenHome } from '../../src/handles.ts'
import { anyText, holdsAsync } from './support/property.ts'

const kinds: readonly HandleKind[] = ['pushed-request', 'code', 'refresh-token']
const objectId = 'ab'.repeat(32)
const flip = (text: string, at: number) => {
  const bytes = Buffer.from(text, 'base64url')
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes.toString('base64url')
}

describe('a handle', () => {
  it.each(kinds)(
    'of kind %s tells which object knows it, and the hash of its secret',
    async (kind) => {
      const secret = new Uint8Array(32).fill(7)
      const { text, handle } = await makeHandle(kind, objectId, secret)
      const secretHash = createHash('sha256').update(secret).digest('hex')
      expect(handle).toEqual({ objectId, secretHash })
      expect(await readHandle(kind, text)).toEqual(handle)
    },
  )

  it('SP-CR-06 SP-PAR-03 has a new secret of 256 bits each time', async () => {
    const made = await Promise.all(Array.from({ length: 200 }, () => makeHandle('code', objectId)))
    expect(new Set(made.map(({ handle }) => handle.secretHash)).size).toBe(200)
    for (const { text } of made) expect(Buffer.from(text, 'base64url')).toHaveLength(1 + 32 + 32)
  })

  it('ATK-A1-14 of one kind is read by no reader of another kind', async () => {
    for (const made of kinds) {
      const { text } = await makeHandle(made, objectId)
      for (const reader of kinds) {
        expect((await readHandle(reader, text)) !== undefined).toBe(reader === made)
      }
      expect(readTokenId(text)).toBeUndefined()
    }
    const jti = makeTokenId({ home: 'grant', objectId, epoch: 0, series: 0 })
    for (const reader of kinds) expect(await readHandle(reader, jti)).toBeUndefined()
  })

  it('is not read when it was cut, extended, padded or written in another way', async () => {
    const { text } = await makeHandle('code', objectId)
    const others = [
      '', text.slice(0, -1), text.slice(1), text.slice(0, 43), `${text}A`, `${text}AAAA`, `${text}=`, `A${text}`, ` ${text}`,
      `${text}\n`, text.toLowerCase(), text.toUpperCase(), text + text, 'A'.repeat(129), `${text}.${text}`,
    ] // prettier-ignore
    for (const other of others) expect(await readHandle('code', other)).toBeUndefined()
    expect(await readHandle('code', text)).toBeDefined()
  })

  it('with any bit of its secret or its object changed means another handle', async () => {
    const { text, handle } = await makeHandle('refresh-token', objectId)
    for (let at = 0; at < 65; at += 1) {
      const read = await readHandle('refresh-token', flip(text, at))
      if (at === 0) expect(read).toBeUndefined()
      else
        expect(read?.[at <= 32 ? 'objectId' : 'secretHash']).not.toBe(
          handle[at <= 32 ? 'objectId' : 'secretHash'],
        )
    }
  })

  it('is never read from any text that was not made', async () => {
    await holdsAsync(
      fc.asyncProperty(fc.constantFrom(...kinds), anyText(200), async (kind, text) => {
        expect(await readHandle(kind, text)).toBeUndefined()
        expect(readTokenId(text)).toBeUndefined()
      }),
    )
  })

  it('is read from well-formed bytes only under its own kind', async () => {
    const bytes = fc.uint8Array({ minLength: 63, maxLength: 67 })
    await holdsAsync(
      fc.asyncProperty(bytes, async (raw) => {
        const text = Buffer.from(raw).toString('base64url')
        const read = await Promise.all(kinds.map((kind) => readHandle(kind, text)))
        const expected = kinds.map((_, i) => raw.length === 65 && raw[0] === i + 1)
        expect(read.map((handle) => handle !== undefined)).toEqual(expected)
      }),
    )
  })
})

describe('the id of an access token', () => {
  it.each(['grant', 'client', 'operator'] as const)('leads back to its home, a %s', (home) => {
    const id = { home, objectId, epoch: 4_294_967_295, series: 7 }
    expect(readTokenId(makeTokenId(id))).toEqual(id)
  })

  it('SP-CR-06 is new each time', () => {
    const id = { home: 'grant', objectId, epoch: 1, series: 1 } as const
    expect(new Set(Array.from({ length: 200 }, () => makeTokenId(id))).size).toBe(200)
  })

  it('gives back every home, object, epoch and series', async () => {
    const counter = fc.nat({ max: 2 ** 32 - 1 })
    const hex = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((b) => Buffer.from(b).toString('hex'))
    await holdsAsync(
      fc.asyncProperty(
        fc.constantFrom<TokenHome>('grant', 'client', 'operator'), hex, counter, counter,
        async (home, object, epoch, series) => {
          const id = { home, objectId: object, epoch, series }
          expect(readTokenId(makeTokenId(id))).toEqual(id)
        },
      ),
    ) // prettier-ignore
  })

  it('is not read when its home is unknown, or when it was cut or extended', () => {
    const text = makeTokenId({ home: 'grant', objectId, epoch: 1, series: 2 })
    for (const home of [0, 4, 255]) {
      const bytes = Buffer.from(text, 'base64url')
      bytes[0] = home
      expect(readTokenId(bytes.toString('base64url'))).toBeUndefined()
    }
    for (const other of ['', text.slice(0, -1), `${text}A`, `${text}=`, text.slice(4)]) {
      expect(readTokenId(other)).toBeUndefined()
    }
  })
})
