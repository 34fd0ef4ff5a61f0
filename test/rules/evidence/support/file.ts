/** A whole file with real signatures, made by the code that makes them, for tests that spoil it. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import { append, beginChain } from '../../../../src/evidence/chain.ts'
import type { Chain, Draft } from '../../../../src/evidence/chain.ts'
import {
  answerDraft,
  authenticationDraft,
  consentDraft,
  requestDraft,
  responseDraft,
} from '../../../../src/evidence/drafts.ts'
import { documentHash, evidenceFormat } from '../../../../src/evidence/file.ts'
import type { EvidenceFile, PublicKeys, SignedHead } from '../../../../src/evidence/file.ts'
import { anchorFormat } from '../../../../src/evidence/anchor.ts'
import type { Anchor } from '../../../../src/evidence/anchor.ts'
import { makeTokenId } from '../../../../src/handles.ts'

export const issuer = 'https://as.bank.example'
export const grant = 'ab'.repeat(32)
export const start = Date.UTC(2026, 10, 1, 12)
export const exported = start + 86_400_000
export const lifetime = 90 * 86_400_000

export type Signer = { readonly kid: string; readonly key: CryptoKey; readonly jwk: JWK }

export async function makeSigner(kid: string, alg = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid } }
}

/** Who signs in a file. */
export const makeSigners = async () => ({
  client: await makeSigner('client-key'),
  signing: await makeSigner('issuer-key'),
  evidence: await makeSigner('evidence-key'),
})
export type Signers = Awaited<ReturnType<typeof makeSigners>>

export const asJson = (jwk: JWK) => jwk as Readonly<Record<string, string>>

const sign = (signer: Signer, typ: string, claims: Readonly<Record<string, unknown>>) =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'ES256', typ, kid: signer.kid })
    .sign(signer.key)

const seconds = (at: number): number => Math.floor(at / 1000)

/** What a client signs when it pushes a request. */
export const signedRequest = (
  signers: Signers,
  claims: Readonly<Record<string, unknown>> = {},
  typ = 'oauth-authz-req+jwt',
) =>
  sign(signers.client, typ, {
    iss: 'app',
    aud: issuer,
    client_id: 'app',
    nbf: seconds(start),
    exp: seconds(start) + 300,
    response_type: 'code',
    state: 'xyz',
    login_hint: 'alice',
    ...claims,
  })

export const signedResponse = (signers: Signers, claims: Readonly<Record<string, unknown>> = {}) =>
  sign(signers.signing, 'JWT', {
    iss: issuer,
    aud: 'app',
    iat: seconds(start) + 30,
    exp: seconds(start) + 330,
    code: 'a-code',
    state: 'xyz',
    ...claims,
  })

export async function requestEntry(
  signers: Signers,
  jws: string | undefined = undefined,
): Promise<Draft> {
  return requestDraft({
    clientId: 'app',
    receivedAt: start,
    authentication: { method: 'private_key_jwt', alg: 'ES256', kid: 'client-key' },
    content: {
      jws: jws ?? (await signedRequest(signers)),
      alg: 'ES256',
      jwk: asJson(signers.client.jwk),
      keyFrom: 'jwks',
    },
  })
}

export const unsignedRequest: Draft = requestDraft({
  clientId: 'app',
  receivedAt: start,
  authentication: { method: 'tls_client_auth', 'x5t#S256': 'thumbprint' },
  content: { parameters: { response_type: 'code', state: 'xyz' } },
})

export const tokenEntry = (
  n: number,
  more: Readonly<Record<string, string | number>> = {},
): Draft => ({
  kind: 'token',
  body: {
    jti: tokenId(n),
    by: n === 1 ? 'code' : 'refresh',
    cnf: { jkt: 'key-of-the-sender' },
    aud: 'https://api.bank.example',
    scope: 'accounts',
    iat: seconds(start) + 60 * n,
    exp: seconds(start) + 60 * n + 300,
    authorization_details: 'committed',
    ...more,
  },
  apart: { authorization_details: [{ type: 'account_information', accounts: ['DE02', 'DE07'] }] },
})

const tokenIds = new Map<number, string>()

/** The id of the nth token of this grant. */
export function tokenId(n: number): string {
  const id = tokenIds.get(n) ?? makeTokenId({ home: 'grant', objectId: grant, epoch: 1, series: 1 })
  tokenIds.set(n, id)
  return id
}

/** What a person's approval leaves in the chain. */
export async function approval(signers: Signers): Promise<readonly Draft[]> {
  return [
    await requestEntry(signers),
    authenticationDraft({
      acr: 'two-factor',
      amr: ['pwd', 'otp'],
      time: seconds(start),
      sub: 's-1',
    }),
    consentDraft({
      language: 'en',
      text: 'Budget Buddy wants to see your accounts.',
      items: { accounts: ['DE02', 'DE07'] },
    }),
    answerDraft({
      action: 'create',
      scope: ['accounts', 'openid'],
      resources: ['https://api.bank.example'],
      details: [{ type: 'account_information', accounts: ['DE02', 'DE07'] }],
      lifetime,
    }),
    responseDraft({
      by: 'query',
      redirectUri: 'https://app.example/callback',
      jws: await signedResponse(signers),
      parameters: {},
    }),
  ]
}

export type Parts = {
  readonly chain: Chain
  readonly signers: Signers
  /** Changes what is signed over. */
  readonly edit?: (file: EvidenceFile) => EvidenceFile
  readonly attested?: readonly { readonly n: number; readonly at: number }[]
}

/** Everything recent: tests have short chains. */
export const chainOf = (drafts: readonly Draft[]): Chain =>
  drafts.reduce(
    (chain, draft, index) => append(chain, [draft], start + 30_000 + 1000 * index),
    beginChain(issuer, grant),
  )

export const keySet = (
  signer: Signer,
  more: Readonly<Record<string, number>> = {},
): PublicKeys => ({
  keys: [{ ...asJson(signer.jwk), alg: 'ES256', use: 'sig', ...more }],
})

export async function signHead(
  signers: Signers,
  given: Omit<SignedHead, 'jws'> & { readonly reason: string; readonly document?: string },
): Promise<SignedHead> {
  const { n, head, at } = given
  const jws = await sign(signers.evidence, 'evidence-head+jwt', { iss: issuer, grant, ...given })
  return { n, head, at, jws }
}

/** Exports a chain as the server does. */
export async function exportFile({
  chain,
  signers,
  edit,
  attested = [],
}: Parts): Promise<EvidenceFile> {
  const { genesis, count, head, recent } = chain
  const attestations = await Promise.all(
    attested.map(({ n, at }) =>
      signHead(signers, { n, head: headAt(chain, n), at, reason: 'revocation' }),
    ),
  )
  const unsigned: EvidenceFile = {
    format: evidenceFormat,
    issuer,
    grant,
    exported_at: new Date(exported).toISOString(),
    genesis,
    entries: recent.entries,
    apart: recent.apart,
    withheld: {},
    head: { n: count - 1, head, at: exported, jws: '' },
    attestations,
    anchored: [],
    keys: {
      signing: keySet(signers.signing),
      evidence: keySet(signers.evidence, { from: start - 1000 }),
    },
  }
  const file = edit?.(unsigned) ?? unsigned
  const { jws: _none, ...end } = file.head
  const statement = { ...end, reason: 'export', document: documentHash(file) }
  return { ...file, head: await signHead(signers, statement) }
}

/** The hash of an entry: what the next one names. */
export const headAt = ({ recent, head }: Chain, n: number): string =>
  recent.entries[n + 1]?.prev ?? head

/** A head outside. */
export async function anchorOf(signers: Signers, chain: Chain, n: number): Promise<Anchor> {
  const signed = await signHead(signers, {
    n,
    head: headAt(chain, n),
    at: exported - 3_600_000,
    reason: 'anchoring',
  })
  return { format: anchorFormat, issuer, grant, ...signed }
}
