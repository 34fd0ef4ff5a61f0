import { SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../../src/evidence/canonical.ts'
import { append } from '../../../src/evidence/chain.ts'
import type { Chain, Draft } from '../../../src/evidence/chain.ts'
import type { EvidenceFile } from '../../../src/evidence/file.ts'
import { verifyEvidence } from '../../../src/evidence/verify.ts'
import {
  anchorOf, approval, asJson, chainOf, exportFile, exported, headAt, keySet, lifetime, makeSigner, makeSigners,
  requestEntry, signHead, signedRequest, signedResponse, start, tokenEntry, tokenId, unsignedRequest,
} from './support/file.ts' // prettier-ignore
import type { Signer, Signers } from './support/file.ts'

let signers: Signers
let drafts: readonly Draft[]
let chain: Chain

beforeAll(async () => {
  signers = await makeSigners()
  drafts = [...(await approval(signers)), tokenEntry(1), tokenEntry(2)]
  chain = chainOf(drafts)
})

const places = async (file: EvidenceFile) =>
  (await verifyEvidence(file)).faults.map(({ where }) => where)

/** A file of other entries that is signed as it is: only its story is wrong. */
const fileOf = (entries: readonly Draft[]) => exportFile({ chain: chainOf(entries), signers })

const withRequest = async (draft: Draft): Promise<EvidenceFile> =>
  fileOf([draft, ...drafts.slice(1)])

describe('an exported file', () => {
  it('is sound, and says of each entry who vouches for it', async () => {
    const found = await verifyEvidence(await exportFile({ chain, signers }))
    expect(found.faults).toEqual([])
    expect(found.sound).toBe(true)
    expect(found.entries.map(({ kind, standing }) => `${kind}: ${standing}`)).toEqual([
      'request: signed by client',
      'authentication: asserted by the server',
      'consent: asserted by the server',
      'answer: asserted by the server',
      'response: asserted by the server',
      'token: asserted by the server',
      'token: asserted by the server',
    ])
    expect(found.entries.every(({ anchored }) => !anchored)).toBe(true)
    expect(found.entries[0]?.notes).toEqual([
      'Signed with the key client-key that the entry holds (ES256).',
    ])
    expect(found.entries[4]?.notes).toEqual([
      'Signed with the key issuer-key of the issuer (ES256).',
    ])
  })

  it('survives being written and read as JSON', async () => {
    const file = JSON.parse(JSON.stringify(await exportFile({ chain, signers }))) as unknown
    expect((await verifyEvidence(file)).sound).toBe(true)
  })

  it('is never called proven where the client did not sign', async () => {
    const found = await verifyEvidence(await withRequest(unsignedRequest))
    expect(found.sound).toBe(true)
    expect(found.entries[0]?.standing).toBe('asserted by the server')
    expect(found.entries[0]?.notes[0]).toContain('did not sign')
  })

  it.each([[null], ['text'], [[]], [{}], [{ format: 'fapi-edge/evidence/2' }], [42]])(
    'is not %j, and nothing is thrown',
    async (value) => {
      const found = await verifyEvidence(value)
      expect(found.sound).toBe(false)
      expect(found.faults.length).toBeGreaterThan(0)
    },
  )

  it('holds no members of its own invention', async () => {
    const file = await exportFile({ chain, signers })
    expect(await places({ ...file, proven: true } as EvidenceFile)).toContain('proven')
    const [first, ...others] = file.entries
    const entries = [{ ...first, proven: true }, ...others] as EvidenceFile['entries']
    expect(await places({ ...file, entries })).toContain('entries[0].proven')
  })

  it('holds no lone surrogate', async () => {
    const file = await fileOf([...drafts.slice(0, 6)])
    const entries = [...file.entries.slice(0, 5), { ...file.entries[5], body: { jti: '\ud800' } }]
    const found = await verifyEvidence({ ...file, entries })
    expect(found.faults).toContainEqual({ where: 'file', what: 'a lone surrogate' })
  })
})

describe('the request of a client', () => {
  it.each([
    ['another client_id', { client_id: 'other' }],
    ['another issuer of it', { iss: 'other' }],
    ['another audience', { aud: 'https://other.example' }],
    ['no audience', { aud: undefined }],
    ['an end before it was received', { exp: start / 1000 - 120 }],
    ['a beginning after it was received', { nbf: start / 1000 + 120 }],
  ])('proves nothing with %s', async (_what, claims) => {
    const draft = await requestEntry(signers, await signedRequest(signers, claims))
    const found = await verifyEvidence(await withRequest(draft))
    expect(found.faults.map(({ where }) => where)).toEqual(['apart["0/request"].item'])
    expect(found.entries[0]?.standing).toBe('asserted by the server')
  })

  it.each([
    ['its audience in a list', { aud: ['https://other.example', 'https://as.bank.example'] }],
    ['no iss', { iss: undefined }],
  ])('proves it with %s', async (_what, claims) => {
    const draft = await requestEntry(signers, await signedRequest(signers, claims))
    const found = await verifyEvidence(await withRequest(draft))
    expect(found.faults).toEqual([])
    expect(found.entries[0]?.standing).toBe('signed by client')
  })

  it.each(['dpop+jwt', 'at+jwt', 'client-authentication+jwt'])(
    'is no JWT of another kind: %s',
    async (typ) => {
      const draft = await requestEntry(signers, await signedRequest(signers, {}, typ))
      expect(await places(await withRequest(draft))).toEqual(['apart["0/request"].item'])
    },
  )

  it.each(['JWT', 'OAUTH-AUTHZ-REQ+JWT', 'application/oauth-authz-req+jwt'])(
    'may be of type %s (MS-JAR-05)',
    async (typ) => {
      const draft = await requestEntry(signers, await signedRequest(signers, {}, typ))
      expect(await places(await withRequest(draft))).toEqual([])
    },
  )

  it('is not proven by the key of somebody else', async () => {
    const other = await makeSigner('client-key')
    const draft = await requestEntry({ ...signers, client: other })
    const spoiled = { ...draft, body: { ...draft.body, jwk: asJson(signers.client.jwk) } }
    expect(await places(await withRequest(spoiled))).toEqual(['apart["0/request"].item'])
  })

  it.each(['none', 'HS256', 'RS256'])(
    'is not proven by alg %s, whatever the entry says',
    async (alg) => {
      const claims = { iss: 'app', client_id: 'app', aud: 'https://as.bank.example', state: 'xyz' }
      const secret = new TextEncoder().encode('0'.repeat(32))
      const signed = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret)
      const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
      const jws =
        alg === 'none'
          ? new UnsecuredJWT(claims).encode()
          : [header, ...signed.split('.').slice(1)].join('.')
      const draft = await requestEntry(signers, jws)
      const jwk = { kty: 'oct', k: Buffer.from(secret).toString('base64url') }
      const found = await verifyEvidence(
        await withRequest({ ...draft, body: { ...draft.body, alg, jwk } }),
      )
      expect(found.faults.map(({ where }) => where)).toEqual(['apart["0/request"].item'])
      expect(found.entries[0]?.standing).toBe('asserted by the server')
    },
  )

  it('is not proven by a key that is private', async () => {
    const draft = await requestEntry(signers)
    const jwk = { ...asJson(signers.client.jwk), d: 'AA' }
    expect(await places(await withRequest({ ...draft, body: { ...draft.body, jwk } }))).toEqual([
      'apart["0/request"].item',
    ])
  })

  it('that looks signed is not slipped in as one that is not', async () => {
    const { apart } = await requestEntry(signers)
    const draft = { ...unsignedRequest, apart: apart ?? {} }
    const found = await verifyEvidence(await withRequest(draft))
    expect(found.faults.map(({ where }) => where)).toEqual(['apart["0/request"].item'])
    expect(found.entries[0]?.standing).toBe('asserted by the server')
  })

  it('belongs to one client, the whole chain over', async () => {
    const other = { ...unsignedRequest, body: { ...unsignedRequest.body, client_id: 'other' } }
    expect(await places(await fileOf([...drafts, other]))).toEqual(['entries[7].body.client_id'])
  })
})

describe('the response of the server', () => {
  const withResponse = async (jws: string): Promise<EvidenceFile> =>
    fileOf(
      drafts.map((draft) =>
        draft.kind === 'response' ? { ...draft, apart: { response: jws } } : draft,
      ),
    )

  it.each([
    ['of another issuer', { iss: 'https://other.example' }],
    ['for another client', { aud: 'other' }],
    ['that had expired', { exp: start / 1000 - 120 }],
    ['to another request', { state: 'other' }],
  ])('is not one %s', async (_what, claims) => {
    expect(await places(await withResponse(await signedResponse(signers, claims)))).toEqual([
      'apart["4/response"].item',
    ])
  })

  it('is not signed by somebody else', async () => {
    const signing = await makeSigner('issuer-key')
    expect(await places(await withResponse(await signedResponse({ ...signers, signing })))).toEqual(
      ['apart["4/response"].item'],
    )
  })

  it('is reported as not checked when its key is not in the file', async () => {
    const file = await exportFile({
      chain,
      signers,
      edit: (one) => ({ ...one, keys: { ...one.keys, signing: { keys: [] } } }),
    })
    const found = await verifyEvidence(file)
    expect(found.sound).toBe(true)
    expect(found.entries[4]?.notes[0]).toContain('NOT CHECKED')
  })

  it('is checked with the key its entry holds when the issuer has dropped that since', async () => {
    const withKey = async (signer: Signer) =>
      exportFile({
        chain: chainOf(
          drafts.map((draft) =>
            draft.kind === 'response'
              ? { ...draft, body: { ...draft.body, jwk: { ...asJson(signer.jwk) } } }
              : draft,
          ),
        ),
        signers,
        edit: (one) => ({ ...one, keys: { ...one.keys, signing: { keys: [] } } }),
      })
    const found = await verifyEvidence(await withKey(signers.signing))
    expect(found.faults).toEqual([])
    expect(found.entries[4]?.notes[0]).toContain('issuer-key that the entry holds')
    expect(await places(await withKey(await makeSigner('issuer-key')))).toEqual([
      'apart["4/response"].item',
    ])
  })

  it('stays where it is while its code could be used, and that is said', async () => {
    const until = new Date(exported + 60_000).toISOString()
    const edit = (one: EvidenceFile): EvidenceFile => {
      const { '4/response': _held, ...apart } = one.apart
      return { ...one, apart, withheld: { '4/response': until } }
    }
    const found = await verifyEvidence(await exportFile({ chain, signers, edit }))
    expect(found.faults).toEqual([])
    expect(found.entries[4]?.items).toEqual({ response: 'withheld' })
    expect(found.entries[4]?.notes[0]).toBe(
      `Withheld until ${until}: its code could still be used.`,
    )
  })
})

describe('the chain', () => {
  it('says where an entry was changed', async () => {
    const file = await exportFile({ chain, signers })
    const entries = file.entries.map((entry) =>
      entry.n === 5 ? { ...entry, body: { ...entry.body, scope: 'accounts payments' } } : entry,
    )
    expect(await places({ ...file, entries })).toEqual(['entries[6].prev', 'file'])
  })

  it.each([
    ['dropped', (one: EvidenceFile) => one.entries.filter(({ n }) => n !== 5)],
    ['dropped at the end', (one: EvidenceFile) => one.entries.slice(0, -1)],
    [
      'swapped',
      (one: EvidenceFile) => [...one.entries.slice(0, 5), ...one.entries.slice(5).reverse()],
    ],
    ['doubled', (one: EvidenceFile) => [...one.entries, ...one.entries.slice(-1)]],
  ])('misses an entry that was %s', async (_how, change) => {
    const file = await exportFile({ chain, signers })
    const found = await places({ ...file, entries: change(file) })
    expect(found.some((where) => /^(entries|head|apart)/.test(where))).toBe(true)
  })

  it('does not run backwards in time', async () => {
    const [last] = drafts.slice(-1)
    if (last === undefined) throw new Error('no drafts')
    const { recent, ...rest } = append(chainOf(drafts.slice(0, -1)), [last], exported)
    const early = recent.entries.map((entry, n) => (n === 3 ? { ...entry, at: start } : entry))
    const found = await places(
      await exportFile({ chain: { ...rest, recent: { ...recent, entries: early } }, signers }),
    )
    expect(found).toContain('entries[3].at')
  })

  it('begins at its genesis', async () => {
    const file = await exportFile({ chain, signers })
    const genesis = { ...file.genesis, grant: 'cd'.repeat(32) }
    expect(await places({ ...file, genesis })).toEqual([
      'genesis.grant', 'entries[0].prev', 'file',
    ]) // prettier-ignore
  })

  it('is of the grant and the issuer the file names', async () => {
    const file = await exportFile({ chain, signers })
    expect(await places({ ...file, grant: 'cd'.repeat(32) })).toContain('genesis.grant')
    expect(await places({ ...file, issuer: 'https://other.example' })).toContain('genesis.issuer')
  })
})

describe('what is kept apart', () => {
  const without = (name: string) => (one: EvidenceFile) => {
    const { [name]: _gone, ...apart } = one.apart
    return { ...one, apart }
  }

  it('is what was committed to, salt and item', async () => {
    const file = await exportFile({ chain, signers })
    const kept = file.apart['2/text']
    if (kept === undefined) throw new Error('no text')
    const item = { ...file.apart, '2/text': { ...kept, item: 'Budget Buddy wants nothing.' } }
    expect(await places({ ...file, apart: item })).toContain('apart["2/text"]')
    const salt = {
      ...file.apart,
      '2/text': { ...kept, salt: Buffer.alloc(32).toString('base64url') },
    }
    expect(await places({ ...file, apart: salt })).toContain('apart["2/text"]')
  })

  it('is not missing without an entry that says it was erased', async () => {
    const file = await exportFile({ chain, signers, edit: without('2/text') })
    expect(await places(file)).toEqual(['apart["2/text"]'])
  })

  it('may have been erased, and the chain still holds', async () => {
    const erased = chainOf([...drafts, { kind: 'erasure', body: { by: 'operator', items: 9 } }])
    const edit = (one: EvidenceFile): EvidenceFile => ({ ...one, apart: {} })
    const found = await verifyEvidence(await exportFile({ chain: erased, signers, edit }))
    expect(found.faults).toEqual([])
    expect(found.entries[0]?.items).toEqual({ request: 'erased' })
    expect(found.entries[0]?.standing).toBe('asserted by the server')
    expect(found.entries[0]?.notes[0]).toContain('nothing is proven by it any more')
  })

  it('is nothing that no entry committed to', async () => {
    const edit = (one: EvidenceFile): EvidenceFile => {
      const [kept] = Object.values(one.apart)
      return kept === undefined ? one : { ...one, apart: { ...one.apart, '1/more': kept } }
    }
    expect(await places(await exportFile({ chain, signers, edit }))).toEqual(['apart["1/more"]'])
  })
})

describe('the story of a grant', () => {
  const ends = (body: Readonly<Record<string, Json>>): Draft => ({ kind: 'revocation', body })

  it.each([
    ['was revoked', ends({ what: 'grant', by: 'person' })],
    [
      'ended because its code was used twice',
      ends({ what: 'code_reuse', by: 'server', ends_grant: true }),
    ],
  ])('has no token after it %s', async (_how, end) => {
    expect(await places(await fileOf([...drafts, end, tokenEntry(3)]))).toEqual(['entries[8].body'])
    expect(await places(await fileOf([...drafts, tokenEntry(3), end]))).toEqual([])
  })

  it('goes on after one token or refresh token was ended', async () => {
    const ended = [
      ends({ what: 'access_token', by: 'client', jti: tokenId(1) }),
      ends({ what: 'refresh_token', by: 'client' }),
    ]
    expect(await places(await fileOf([...drafts, ...ended, tokenEntry(3)]))).toEqual([])
  })

  it('has no token that outlives it', async () => {
    const end = (start + 33_000 + lifetime) / 1000
    expect(await places(await fileOf([...drafts, tokenEntry(3, { exp: end })]))).toEqual([])
    expect(await places(await fileOf([...drafts, tokenEntry(3, { exp: end + 1 })]))).toEqual([
      'entries[7].body.exp',
    ])
  })

  it('has tokens live as long as the last update says', async () => {
    const change: Draft = {
      kind: 'change',
      body: { action: 'merge', expires_at: start + 3_600_000 },
    }
    const end = (start + 3_600_000) / 1000
    expect(await places(await fileOf([...drafts, change, tokenEntry(3, { exp: end })]))).toEqual([])
    expect(
      await places(await fileOf([...drafts, change, tokenEntry(3, { exp: end + 1 })])),
    ).toEqual(['entries[8].body.exp'])
  })

  it('has no token without a beginning before its end', async () => {
    expect(await places(await fileOf([...drafts, tokenEntry(3, { exp: start / 1000 })]))).toEqual([
      'entries[7].body.exp',
    ])
  })

  it('names each token once, and only its own', async () => {
    expect(await places(await fileOf([...drafts, tokenEntry(2)]))).toEqual(['entries[7].body.jti'])
    expect(await places(await fileOf([...drafts, tokenEntry(3, { jti: 'AAAA' })]))).toEqual([
      'entries[7].body.jti',
    ])
  })

  it('withholds a token that was authorised, once', async () => {
    const withheld = (n: number): Draft => ({
      kind: 'withheld',
      body: { jti: tokenId(n), why: 'invalid_client' },
    })
    expect(await places(await fileOf([...drafts, withheld(2)]))).toEqual([])
    expect(await places(await fileOf([...drafts, withheld(3)]))).toEqual(['entries[7].body.jti'])
    expect(await places(await fileOf([...drafts, withheld(3), tokenEntry(3)]))).toEqual([
      'entries[7].body.jti',
    ])
    expect(await places(await fileOf([...drafts, withheld(2), withheld(2)]))).toEqual([
      'entries[8].body.jti',
    ])
  })

  it('may begin later than the grant, and says so first', async () => {
    const older: Draft = { kind: 'older', body: { created_at: start - 1000 } }
    expect(await places(await fileOf([older, tokenEntry(1)]))).toEqual([])
    expect(await places(await fileOf([tokenEntry(1), older]))).toEqual(['entries[1].body'])
  })
})

describe('the signed head', () => {
  it.each([
    ['before it was in use', { from: exported + 61_000 }, 'head.at'],
    ['after another took over', { from: start, until: exported - 61_000 }, 'head.at'],
    ['after it was revoked', { from: start, revoked: exported - 1 }, 'head.at'],
  ])('is not signed with a key %s', async (_when, times, where) => {
    const edit = (one: EvidenceFile): EvidenceFile => ({
      ...one,
      keys: { ...one.keys, evidence: keySet(signers.evidence, times) },
    })
    expect(await places(await exportFile({ chain, signers, edit }))).toEqual([where])
  })

  it('is not signed with a key that signs something else', async () => {
    const file = await exportFile({ chain, signers: { ...signers, evidence: signers.signing } })
    const keys = { ...file.keys, evidence: keySet(signers.evidence, { from: start }) }
    expect(await places({ ...file, keys })).toEqual(['head.jws'])
  })

  it.each([
    ['another type', { typ: 'JWT', alg: 'ES256' }],
    ['no algorithm', { typ: 'evidence-head+jwt', alg: 'none' }],
    ['another algorithm', { typ: 'evidence-head+jwt', alg: 'PS256' }],
  ])('is not one with %s', async (_what, header) => {
    const file = await exportFile({ chain, signers })
    const [, claims, signature] = file.head.jws.split('.')
    const head = Buffer.from(JSON.stringify({ ...header, kid: 'evidence-key' })).toString(
      'base64url',
    )
    const jws = [head, claims, signature].join('.')
    expect(await places({ ...file, head: { ...file.head, jws } })).toEqual(['head.jws'])
  })

  it('was signed for an export, and for this one', async () => {
    const file = await exportFile({ chain, signers })
    const { jws: _jws, ...end } = file.head
    const head = await signHead(signers, { ...end, reason: 'anchoring' })
    expect(await places({ ...file, head })).toEqual(['head.jws', 'file'])
  })

  it('covers what no entry holds: times of keys, earlier heads, when it was exported', async () => {
    const attested = [{ n: 3, at: start + 40_000 }]
    const file = await exportFile({ chain, signers, attested })
    expect((await verifyEvidence(file)).sound).toBe(true)
    expect(await places({ ...file, attestations: [] })).toEqual(['file'])
    const keys = { ...file.keys, evidence: keySet(signers.evidence, { from: start - 1001 }) }
    expect(await places({ ...file, keys })).toEqual(['file'])
    const later = new Date(exported + 1).toISOString()
    expect(await places({ ...file, exported_at: later })).toEqual(['file', 'exported_at'])
  })

  it('does not hide that an earlier one says something else', async () => {
    const other = await signHead(signers, {
      n: 3,
      head: headAt(chain, 2),
      at: start + 40_000,
      reason: 'revocation',
    })
    const edit = (one: EvidenceFile): EvidenceFile => ({ ...one, attestations: [other] })
    expect(await places(await exportFile({ chain, signers, edit }))).toEqual([
      'attestations[0].head',
    ])
  })
})

describe('keys from elsewhere', () => {
  const given = () => [
    ...keySet(signers.signing).keys,
    ...keySet(signers.evidence, { from: start - 1000 }).keys,
  ]

  it('are asked for: without them the keys are the word of the file', async () => {
    const found = await verifyEvidence(await exportFile({ chain, signers }))
    expect(found.notes[0]).toContain('the word of this file')
    expect(found.keys.map(({ standing }) => standing)).toEqual([
      'the word of the file', 'the word of the file',
    ]) // prettier-ignore
  })

  it('confirm those of the file', async () => {
    const found = await verifyEvidence(await exportFile({ chain, signers }), {
      issuerKeys: given(),
    })
    expect(found.sound).toBe(true)
    expect(found.keys).toEqual([
      { kid: 'evidence-key', standing: 'confirmed' },
      { kid: 'issuer-key', standing: 'confirmed' },
    ])
    expect(found.notes[0]).toBe('Keys given confirm: evidence-key, issuer-key.')
  })

  it('expose a file that somebody else made and signed', async () => {
    const forger = await makeSigners()
    const file = await exportFile({ chain: chainOf(await approval(forger)), signers: forger })
    expect((await verifyEvidence(file)).sound).toBe(true)
    const found = await verifyEvidence(file, { issuerKeys: given() })
    expect(found.faults.map(({ where }) => where)).toEqual([
      'keys.evidence.keys[0]',
      'keys.signing.keys[0]',
    ])
  })

  it('that hold no such evidence key expose it too', async () => {
    const file = await exportFile({ chain, signers })
    const found = await verifyEvidence(file, { issuerKeys: keySet(signers.signing).keys })
    expect(found.faults.map(({ where }) => where)).toEqual(['keys.evidence.keys[0]'])
  })

  it('may lack a signing key that has retired: that is said', async () => {
    const file = await exportFile({ chain, signers })
    const found = await verifyEvidence(file, {
      issuerKeys: keySet(signers.evidence, { from: start - 1000 }).keys,
    })
    expect(found.sound).toBe(true)
    expect(found.notes).toContain('Not among the keys given, so the word of this file: issuer-key.')
  })

  it('say when a key was revoked, whatever the file says', async () => {
    const revoked = keySet(signers.evidence, { from: start, revoked: exported - 1 }).keys
    const found = await verifyEvidence(await exportFile({ chain, signers }), {
      issuerKeys: revoked,
    })
    expect(found.faults.map(({ where }) => where)).toEqual(['head.at'])
  })
})

describe('anchors', () => {
  it('make entries anchored up to the head that lies outside', async () => {
    const anchors = [await anchorOf(signers, chain, 2), await anchorOf(signers, chain, 4)]
    const found = await verifyEvidence(await exportFile({ chain, signers }), { anchors })
    expect(found.sound).toBe(true)
    expect(found.anchoredTo).toBe(4)
    expect(found.entries.map(({ anchored }) => anchored)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
      false,
    ])
  })

  it('of other grants say nothing', async () => {
    const anchor = { ...(await anchorOf(signers, chain, 4)), grant: 'cd'.repeat(32) }
    const found = await verifyEvidence(await exportFile({ chain, signers }), { anchors: [anchor] })
    expect(found.sound).toBe(true)
    expect(found.anchoredTo).toBeUndefined()
  })

  it('expose a chain that was written anew, though its head was signed again', async () => {
    const anchors = [await anchorOf(signers, chain, 4)]
    const anew = chainOf([unsignedRequest, ...drafts.slice(1)])
    const found = await verifyEvidence(await exportFile({ chain: anew, signers }), { anchors })
    expect(found.faults.map(({ where }) => where)).toEqual(['anchor of entry 4'])
    expect(found.entries.some(({ anchored }) => anchored)).toBe(false)
  })

  it('expose a chain that was cut short, though its head was signed again', async () => {
    const anchors = [await anchorOf(signers, chain, 6)]
    const file = await exportFile({ chain: chainOf(drafts.slice(0, 6)), signers })
    const found = await verifyEvidence(file, { anchors })
    expect(found.faults.map(({ where }) => where)).toEqual(['anchor of entry 6'])
  })

  it('of a chain that went on after the export are no fault of the file, and it is said', async () => {
    const longer = append(chain, [tokenEntry(3)], exported + 1000)
    const later = await anchorOf(signers, longer, 7)
    const signed = await signHead(signers, { ...later, at: exported + 2000, reason: 'anchoring' })
    const found = await verifyEvidence(await exportFile({ chain, signers }), {
      anchors: [{ ...later, ...signed }],
    })
    expect(found.faults).toEqual([])
    const note = 'The chain went on after this file: entry 7 is anchored. Ask for a newer export.'
    expect(found.notes).toContain(note)
    const whole = await verifyEvidence(await exportFile({ chain, signers }), {
      anchors: [await anchorOf(signers, chain, 6)],
    })
    expect(whole.notes).not.toContain(note)
  })

  it('count only with a signature that holds', async () => {
    const forger = { ...signers, evidence: await makeSigner('evidence-key') }
    const anchors = [await anchorOf(forger, chain, 4)]
    const found = await verifyEvidence(await exportFile({ chain, signers }), { anchors })
    expect(found.faults.map(({ where }) => where)).toEqual(['anchor of entry 4.jws'])
    expect(found.anchoredTo).toBeUndefined()
  })
})

describe('what a file says of being anchored', () => {
  it('counts for nothing, and says where to look', async () => {
    const anchored = [
      { n: 4, head: headAt(chain, 4), at: exported - 1000, where: ['bucket', 'queue'] as const },
    ]
    const edit = (one: EvidenceFile): EvidenceFile => ({ ...one, anchored })
    const found = await verifyEvidence(await exportFile({ chain, signers, edit }))
    expect(found.sound).toBe(true)
    expect(found.entries.some((entry) => entry.anchored)).toBe(false)
    expect(found.notes.at(-1)).toBe(
      'The file says that entry 4 was anchored (bucket, queue): fetch that and give it with --anchors.',
    )
  })
})
