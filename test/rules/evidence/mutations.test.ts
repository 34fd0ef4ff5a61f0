import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../../src/evidence/canonical.ts'
import { readEvidence, writeEvidence } from '../../../src/evidence/file.ts'
import type { EvidenceFile } from '../../../src/evidence/file.ts'
import { verifyEvidence } from '../../../src/evidence/verify.ts'
import { holdsAsync } from '../support/property.ts'
import { approval, chainOf, exportFile, makeSigners, start, tokenEntry } from './support/file.ts'

let file: EvidenceFile
let text: string

beforeAll(async () => {
  const signers = await makeSigners()
  const entries = [
    ...(await approval(signers)),
    tokenEntry(1),
    tokenEntry(2),
    { kind: 'revocation', body: { what: 'grant', by: 'person' } } as const,
  ]
  const attested = [{ n: 7, at: start + 50_000 }]
  file = await exportFile({ chain: chainOf(entries), signers, attested })
  text = writeEvidence(file)
  expect((await verifyText(text)).sound).toBe(true)
})

/** As the command does: a text is evidence, or it is not. */
async function verifyText(
  one: string,
): Promise<{ readonly sound: boolean; readonly where: string[] }> {
  const read = readEvidence(one)
  if ('problem' in read) return { sound: false, where: [read.where] }
  const { sound, faults } = await verifyEvidence(read.file)
  return { sound, where: faults.map(({ where }) => where) }
}

type Path = readonly (string | number)[]

/** Every place of a value, containers included. */
function placesOf(value: unknown, here: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [here]
  const inside = Array.isArray(value)
    ? value.flatMap((one: unknown, index) => placesOf(one, [...here, index]))
    : Object.entries(value).flatMap(([name, one]) => placesOf(one, [...here, name]))
  return here.length === 0 ? inside : [here, ...inside]
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((one, step) => (one as Record<string, unknown>)[step], value)
}

/** A copy with one place changed; undefined from `change`: dropped. */
function changed(path: Path, change: (value: Json) => Json | undefined): unknown {
  const copy = structuredClone(file) as unknown
  const parent = at(copy, path.slice(0, -1)) as Record<string, unknown>
  const last = path.at(-1) ?? ''
  const next = change(parent[last] as Json)
  if (next !== undefined) parent[last] = next
  else if (Array.isArray(parent)) parent.splice(Number(last), 1)
  else Reflect.deleteProperty(parent, last)
  return copy
}

const flipped = (text: string, index: number, bit: number): string => {
  const bytes = Buffer.from(text, 'utf8')
  const place = index % bytes.length
  bytes[place] = (bytes[place] ?? 0) ^ (1 << bit)
  return bytes.toString('utf8')
}

const somewhere = () => fc.constantFrom(...placesOf(file))

describe('one change of a sound file is found', () => {
  it('whatever byte of its text it is', async () => {
    const bytes = Buffer.from(text, 'utf8').length
    const place = fc.tuple(fc.nat(bytes - 1), fc.nat(7))
    await holdsAsync(
      fc.asyncProperty(place, async ([index, bit]) => {
        const other = flipped(text, index, bit)
        expect(other).not.toBe(text)
        const found = await verifyText(other)
        expect(found.sound).toBe(false)
        expect(found.where.length).toBeGreaterThan(0)
      }),
      1500,
    )
  })

  it('whatever member is dropped', async () => {
    for (const path of placesOf(file)) {
      const found = await verifyEvidence(changed(path, () => undefined))
      expect(found.sound, path.join('.')).toBe(false)
      expect(found.faults.length).toBeGreaterThan(0)
    }
  }, 60_000)

  it('whatever value takes the place of another', async () => {
    await holdsAsync(
      fc.asyncProperty(somewhere(), fc.jsonValue(), async (path, value) => {
        fc.pre(JSON.stringify(at(file, path)) !== JSON.stringify(value))
        const found = await verifyEvidence(
          changed(path, () => JSON.parse(JSON.stringify(value)) as Json),
        )
        expect(found.sound, path.join('.')).toBe(false)
      }),
      600,
    )
  }, 60_000)

  it('whatever bit of a text is flipped', async () => {
    const texts = placesOf(file).filter((path) => typeof at(file, path) === 'string')
    await holdsAsync(
      fc.asyncProperty(fc.constantFrom(...texts), fc.nat(), fc.nat(6), async (path, index, bit) => {
        const other = changed(path, (value) => flipped(String(value), index, bit))
        expect((await verifyEvidence(other)).sound, path.join('.')).toBe(false)
      }),
      600,
    )
  }, 60_000)

  it('whatever number is one more or one less', async () => {
    for (const path of placesOf(file).filter((one) => typeof at(file, one) === 'number')) {
      for (const by of [-1, 1]) {
        const other = changed(path, (value) => Number(value) + by)
        expect((await verifyEvidence(other)).sound, path.join('.')).toBe(false)
      }
    }
  }, 60_000)

  it('whatever entry is dropped, doubled, put elsewhere or swapped: and an entry is named', async () => {
    const count = file.entries.length
    const orders = file.entries.flatMap((entry, n) => [
      file.entries.filter((one) => one !== entry),
      file.entries.toSpliced(n, 0, entry),
      ...file.entries.flatMap((_, m) =>
        m === n ? [] : [file.entries.toSpliced(n, 1).toSpliced(m, 0, entry)],
      ),
    ])
    expect(orders.length).toBe(count * (count + 1))
    for (const entries of orders) {
      const { faults } = await verifyEvidence({ ...file, entries })
      expect(faults.some(({ where }) => /^(entries|head)/.test(where))).toBe(true)
    }
  }, 60_000)

  it('whatever salt or item is changed: and it is named', async () => {
    for (const [name, kept] of Object.entries(file.apart)) {
      const salts = [{ ...kept, salt: Buffer.alloc(32, 7).toString('base64url') }]
      const items = [
        { ...kept, item: null },
        { ...kept, item: [kept.item] },
      ]
      for (const other of [...salts, ...items]) {
        const { faults } = await verifyEvidence({
          ...file,
          apart: { ...file.apart, [name]: other },
        })
        expect(faults.map(({ where }) => where)).toContain(`apart["${name}"]`)
      }
    }
  })

  it('whatever two kept items are swapped', async () => {
    const names = Object.keys(file.apart)
    for (const a of names) {
      for (const b of names.filter((one) => one !== a)) {
        const one = file.apart[a]
        const other = file.apart[b]
        if (one === undefined || other === undefined) throw new Error('gone')
        const apart = { ...file.apart, [a]: other, [b]: one }
        expect((await verifyEvidence({ ...file, apart })).sound).toBe(false)
      }
    }
  })
})

describe('the text of a file', () => {
  it('may begin with what npm run says before it', () => {
    const said = '\n> fapi-edge@0.1.0 fapi\n> node cli/fapi.ts evidence export GRANT\n\n'
    const read = readEvidence(`${said}${text}`)
    expect('file' in read && read.file).toEqual(file)
  })

  it.each([
    ['formatted anew', (one: string) => JSON.stringify(JSON.parse(one))],
    ['without its last line end', (one: string) => one.trimEnd()],
    ['with a member twice', (one: string) => one.replace('{', '{\n  "format": "another",')],
    ['with something before it', (one: string) => `note\n${one}`],
    ['with something after it', (one: string) => `${one}note\n`],
    ['with a byte order mark', (one: string) => `\ufeff${one}`],
    ['with another line end', (one: string) => one.replace('\n', '\r\n')],
    [
      'with a character written another way',
      (one: string) => one.replace('"issuer"', '"\\u0069ssuer"'),
    ],
    ['nested without end', () => `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['nested too deep', () => `{"a":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['empty', () => ''],
  ])('is not evidence %s', async (_how, change) => {
    const found = await verifyText(change(text))
    expect(found.sound).toBe(false)
  })

  it('says on which line it is not as it was written', () => {
    const lines = text.split('\n')
    const other = lines.map((line, index) => (index === 4 ? `${line} ` : line)).join('\n')
    const read = readEvidence(other)
    expect('where' in read && read.where).toBe('line 5')
  })
})
