import { beforeAll, describe, expect, it } from 'vitest'
import type { Draft } from '../../../src/evidence/chain.ts'
import { requestDraft, responseDraft } from '../../../src/evidence/drafts.ts'
import type { EvidenceFile } from '../../../src/evidence/file.ts'
import { verifyEvidence } from '../../../src/evidence/verify.ts'
import {
  anchorOf, approval, asJson, chainOf, exportFile, exported, keySet, makeSigner, makeSigners, requestEntry, signedRequest, start,
  tokenEntry, unsignedRequest,
} from './support/file.ts' // prettier-ignore
import type { Signers } from './support/file.ts'

/* Files that were made to look like evidence, and evidence that was made to look like none. */

let signers: Signers
let drafts: readonly Draft[]

beforeAll(async () => {
  signers = await makeSigners()
  drafts = [...(await approval(signers)), tokenEntry(1)]
})

const places = async (file: EvidenceFile) =>
  (await verifyEvidence(file)).faults.map(({ where }) => where)

const fileOf = (entries: readonly Draft[], edit?: (file: EvidenceFile) => EvidenceFile) =>
  exportFile({ chain: chainOf(entries), signers, ...(edit === undefined ? {} : { edit }) })

describe('a key of the issuer that was given', () => {
  const given = () => [
    ...keySet(signers.signing).keys,
    ...keySet(signers.evidence, { from: start - 1000 }).keys,
  ]

  it('confirms no head when it is a key that signs tokens', async () => {
    const forgers = { ...signers, evidence: signers.signing }
    const forged = await exportFile({ chain: chainOf(drafts), signers: forgers })
    const found = await verifyEvidence(forged, { issuerKeys: given() })
    expect(found.faults.map(({ where }) => where)).toEqual(['keys.evidence.keys[0]'])
    const own = await verifyEvidence(await fileOf(drafts), { issuerKeys: given() })
    expect(own.faults).toEqual([])
  })

  it('confirms no response by a key that only has the name of an evidence key', async () => {
    const signing = { ...(await makeSigner('evidence-key')) }
    const entries = await approval({ ...signers, signing })
    const file = await exportFile({ chain: chainOf(entries), signers: { ...signers, signing } })
    const anchors = [await anchorOf(signers, chainOf(entries), 1)]
    const found = await verifyEvidence(file, { issuerKeys: given(), anchors })
    expect(found.keys).toContainEqual({ kid: 'evidence-key', standing: 'the word of the file' })
  })
})

describe('the key that an entry holds of its response', () => {
  it('is compared with the keys of the issuer that were given', async () => {
    const signing = await makeSigner('issuer-key')
    const entries = (await approval({ ...signers, signing })).map((draft) =>
      draft.kind === 'response'
        ? { ...draft, body: { ...draft.body, jwk: asJson(signing.jwk) } }
        : draft,
    )
    const edit = (one: EvidenceFile): EvidenceFile => ({
      ...one,
      keys: { ...one.keys, signing: { keys: [] } },
    })
    const file = await fileOf(entries, edit)
    const evidence = keySet(signers.evidence, { from: start - 1000 }).keys
    const theirs = [...evidence, ...keySet(signers.signing).keys]
    const found = await verifyEvidence(file, { issuerKeys: theirs })
    expect(found.faults.map(({ where }) => where)).toEqual(['entries[4].body.jwk'])
    const kept = [...evidence, ...keySet(signing).keys]
    const confirmed = await verifyEvidence(file, { issuerKeys: kept })
    expect(confirmed.faults).toEqual([])
    expect(confirmed.keys).toContainEqual({ kid: 'issuer-key', standing: 'confirmed' })
    const retired = await verifyEvidence(file, { issuerKeys: evidence })
    expect(retired.faults).toEqual([])
    expect(retired.keys).toContainEqual({ kid: 'issuer-key', standing: 'the word of the file' })
  })
})

describe('a response', () => {
  const answering = (state?: string): Draft =>
    responseDraft({
      by: 'query',
      redirectUri: 'https://app.example/callback',
      parameters: { code: 'a-code', ...(state === undefined ? {} : { state }) },
    })
  const withState = async (state: unknown): Promise<Draft> =>
    requestEntry(signers, await signedRequest(signers, { state }))

  it.each([
    ['a number', 5, '5'],
    ['nothing', '', undefined],
    ['null', null, undefined],
    ['an object', { a: [1] }, '{"a":[1]}'],
  ])('answers a signed request whose state is %s', async (_what, asked, answered) => {
    const [, ...others] = drafts
    const approved = [await withState(asked), ...others.slice(0, 3)]
    expect(await places(await fileOf([...approved, answering(answered)]))).toEqual([])
    expect(await places(await fileOf([...approved, answering('other')]))).toEqual([
      'apart["4/response"].item',
    ])
  })

  it('may be sent again after another request was answered', async () => {
    const second = requestDraft({
      clientId: 'app',
      receivedAt: start,
      authentication: { method: 'private_key_jwt' },
      content: { parameters: { response_type: 'code', state: 'second' } },
    })
    const first = [unsignedRequest, ...drafts.slice(1, 4), answering('xyz')]
    const both = [...first, second, ...drafts.slice(1, 4), answering('second')]
    expect(await places(await fileOf([...both, answering('xyz')]))).toEqual([])
    expect(await places(await fileOf([...both, answering('third')]))).toEqual([
      'apart["10/response"].item',
    ])
  })
})

describe('what is withheld', () => {
  const withheld =
    (name: string, until: number) =>
    (file: EvidenceFile): EvidenceFile => {
      const { [name]: _gone, ...apart } = file.apart
      return { ...file, apart, withheld: { [name]: new Date(until).toISOString() } }
    }

  it('is a response and nothing else', async () => {
    expect(await places(await fileOf(drafts, withheld('4/response', exported + 1)))).toEqual([])
    expect(await places(await fileOf(drafts, withheld('2/text', exported + 1)))).toEqual([
      'withheld["2/text"]',
    ])
  })

  it('could still be used when the file was made', async () => {
    expect(await places(await fileOf(drafts, withheld('4/response', exported - 61_000)))).toEqual([
      'withheld["4/response"]',
    ])
  })
})

describe('a token', () => {
  it('may be over in the second it was made in, where the grant ends then', async () => {
    const iat = start / 1000 + 180
    expect(await places(await fileOf([...drafts, tokenEntry(3, { iat, exp: iat })]))).toEqual([])
  })
})

describe('a time', () => {
  it('is one there is a day for: nothing is thrown by whoever writes it', async () => {
    const most = 8_640_000_000_000_000
    const file = await fileOf(drafts)
    const late = (at: number) => ({ ...file, head: { ...file.head, at } })
    expect(await places(late(most + 1))).toEqual(['head.at'])
    expect(await places(late(most))).toContain('head.at')
    const entries = file.entries.map((entry) => ({ ...entry, at: most + 1 }))
    expect(await places({ ...file, entries })).toContain('entries[0].at')
  })
})
