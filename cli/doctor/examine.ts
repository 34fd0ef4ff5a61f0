import { generateKeyPair, SignJWT } from 'jose'
import { createFetch, type Fetch, type FetchOptions } from '../fetch-with-ca.ts'
import { explain } from '../failure.ts'
import {
  checkAdmin,
  checkNonce,
  checkNoStore,
  checkParGet,
  checkUnauthenticated,
} from './back-channel.ts'
import { checkCors, checkErrorPage, checkHsts, checkPlainHttp } from './browser.ts'
import { jsonOf, skip, type Answer, type Finding } from './finding.ts'
import { asksForCertificate, type Target } from './handshake.ts'
import { checkJwks } from './jwks.ts'
import {
  addressesOf,
  aliasesOf,
  checkDocuments,
  checkMetadata,
  wellKnownUrls,
  type Metadata,
} from './metadata.ts'
import {
  checkAsking,
  checkNoPages,
  checkReachesWorker,
  selfSignedCertificate,
} from './mutual-tls.ts'
import { judgeTls, observeTls } from './tls.ts'

type Patient = { readonly issuer: string; readonly ca?: string }

type Room = Patient & { readonly metadata: Metadata; readonly fetch: Fetch }

/** All checks, in the order of the report. Without metadata there is nothing more to ask. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  const fetch = createFetch(patient.ca === undefined ? {} : { ca: patient.ca })
  const urls = wellKnownUrls(patient.issuer)
  const oauth = await tryAsk(fetch, urls.oauth)
  const openid = await tryAsk(fetch, urls.openid)
  if (typeof oauth === 'string' || typeof openid === 'string') {
    const says = `No answer at ${urls.oauth}: ${typeof oauth === 'string' ? oauth : String(openid)}`
    const remedy = 'Is the Worker deployed on this host, and does its name resolve?'
    const silent: Finding = { check: 'metadata.oauth', outcome: 'fail', says, remedy }
    return [silent, ...(await examineTls(patient, {}))]
  }
  const documents = checkDocuments(oauth, openid)
  const metadata = jsonOf(oauth) ?? jsonOf(openid)
  if (metadata === undefined) return [...documents, ...(await examineTls(patient, {}))]
  const room = { ...patient, metadata, fetch }
  return [
    ...documents,
    ...checkMetadata(metadata, patient.issuer),
    ...(await examineKeys(room)),
    ...(await examineTls(patient, metadata)),
    ...(await examineBrowser(room)),
    ...(await examineBackChannel(room)),
    ...(await examineMutualTls(room)),
  ]
}

/** An answer, or in words why there is none. */
async function tryAsk(
  fetch: Fetch,
  url: string,
  options: FetchOptions = {},
): Promise<Answer | string> {
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(15_000) })
    const { status, headers } = response
    return { url, status, headers, body: await response.text() }
  } catch (error) {
    return explain(error)
  }
}

/** Asks several things at once; what was not answered is left out and said. */
async function askAll(
  fetch: Fetch,
  requests: readonly (readonly [url: string, options?: FetchOptions])[],
): Promise<{ readonly answers: readonly Answer[]; readonly silent: readonly Finding[] }> {
  const results = await Promise.all(
    requests.map(async ([url, options]) => ({ url, result: await tryAsk(fetch, url, options) })),
  )
  return {
    answers: results.flatMap(({ result }) => (typeof result === 'string' ? [] : [result])),
    silent: results.flatMap(({ url, result }): Finding[] =>
      typeof result === 'string'
        ? [
            {
              check: 'http.answer',
              outcome: 'fail',
              says: `No answer at ${url}: ${result}`,
              remedy: 'The endpoint is published but cannot be reached.',
            },
          ]
        : [],
    ),
  }
}

const text = (metadata: Metadata, member: string): string | undefined => {
  const value = metadata[member]
  return typeof value === 'string' && URL.canParse(value) ? value : undefined
}

async function examineKeys({ metadata, fetch }: Room): Promise<readonly Finding[]> {
  const url = text(metadata, 'jwks_uri')
  if (url === undefined) return [skip('jwks.document', 'No jwks_uri is published')]
  const { answers, silent } = await askAll(fetch, [[url]])
  return [...silent, ...answers.flatMap(checkJwks)]
}

async function examineTls(patient: Patient, metadata: Metadata): Promise<readonly Finding[]> {
  const addresses = [patient.issuer, ...addressesOf(metadata)].filter((url) => URL.canParse(url))
  const hosts = new Set(
    addresses
      .map((url) => new URL(url))
      .flatMap((url) => (url.protocol === 'https:' ? url.host : [])),
  )
  const findings: Finding[] = []
  if (new URL(patient.issuer).protocol === 'http:') {
    findings.push(skip('tls', 'A loopback issuer without TLS: TLS, HSTS and Always Use HTTPS'))
  }
  for (const host of hosts) findings.push(...judgeTls(await observeTls(targetOf(host, patient))))
  return findings
}

function targetOf(host: string, patient: Patient): Target {
  const { hostname, port } = new URL(`https://${host}`)
  const at = { host: hostname, port: port === '' ? 443 : Number(port) }
  return patient.ca === undefined ? at : { ...at, ca: patient.ca }
}

async function examineBrowser({ issuer, metadata, fetch }: Room): Promise<readonly Finding[]> {
  const url = text(metadata, 'authorization_endpoint')
  if (url === undefined) return []
  const foreign = { origin: 'https://elsewhere.example' }
  const preflight = { ...foreign, 'access-control-request-method': 'GET' }
  const query = new URLSearchParams({
    client_id: 'doctor-unknown-client',
    request_uri: 'urn:ietf:params:oauth:request_uri:doctor',
    redirect_uri: 'https://elsewhere.example/callback',
  })
  const { answers, silent } = await askAll(fetch, [
    [`${url}?${query.toString()}`, { headers: foreign }],
    [url, { method: 'OPTIONS', headers: preflight }],
  ])
  const [page] = answers
  if (page === undefined || silent.length > 0) return silent
  const secure = new URL(issuer).protocol === 'https:'
  return [
    ...checkErrorPage(page),
    checkCors(answers),
    ...(secure ? [checkHsts(page), ...(await examinePlainHttp(issuer, fetch))] : []),
  ]
}

/** Only where http has its own well-known port beside the issuer's. */
async function examinePlainHttp(issuer: string, fetch: Fetch): Promise<readonly Finding[]> {
  const url = new URL(wellKnownUrls(issuer).oauth)
  if (url.port !== '') return []
  url.protocol = 'http:'
  const answer = await tryAsk(fetch, url.href)
  return [checkPlainHttp(typeof answer === 'string' ? undefined : answer)]
}

async function examineBackChannel(room: Room): Promise<readonly Finding[]> {
  const { issuer, metadata, fetch } = room
  const par = text(metadata, 'pushed_authorization_request_endpoint')
  const token = text(metadata, 'token_endpoint')
  if (par === undefined || token === undefined) return []
  const stranger = new URLSearchParams({
    response_type: 'code',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await strangersAssertion(issuer),
  })
  const nobody = new URLSearchParams({ client_id: 'doctor-unknown-client', response_type: 'code' })
  const { answers, silent } = await askAll(fetch, [
    [par],
    [par, { method: 'POST', body: nobody }],
    [par, { method: 'POST', body: stranger }],
    [token, { method: 'POST', body: clientless() }],
    [`${issuer}/admin/keys`],
  ])
  const [get, bare, unknown, noClient, admin] = answers
  if (!get || !bare || !unknown || !noClient || !admin) return silent
  const posts = [bare, unknown, noClient]
  return [
    checkParGet(get),
    checkUnauthenticated(bare, { check: 'par.bare', what: 'PAR without authentication' }),
    checkUnauthenticated(unknown, { check: 'par.unknown', what: 'PAR by an unknown client' }),
    checkUnauthenticated(noClient, { check: 'token.bare', what: 'A token without a client' }),
    checkNonce(posts, 'dpop_signing_alg_values_supported' in metadata),
    checkNoStore(posts),
    checkAdmin(admin),
  ]
}

const clientless = (): URLSearchParams =>
  new URLSearchParams({ grant_type: 'client_credentials', client_id: 'doctor-unknown-client' })

/** A sound assertion of a client that does not exist. */
async function strangersAssertion(issuer: string): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256')
  return new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: 'ES256', kid: 'doctor' })
    .setIssuer('doctor-unknown-client')
    .setSubject('doctor-unknown-client')
    .setAudience(issuer)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(privateKey)
}

async function examineMutualTls(room: Room): Promise<readonly Finding[]> {
  const { issuer, ca, metadata, fetch } = room
  const token = aliasesOf(metadata)['token_endpoint']
  if (token === undefined || !URL.canParse(token)) {
    return [skip('mtls', 'No mTLS aliases are published: mutual TLS is not offered')]
  }
  const { origin, host } = new URL(token)
  const certificate = await selfSignedCertificate()
  const withCertificate = createFetch({ certificate, ...(ca === undefined ? {} : { ca }) })
  const post = { method: 'POST', body: clientless() }
  const path = new URL(issuer).pathname.replace(/\/$/, '')
  const pages = await askAll(fetch, [
    [origin + new URL(text(metadata, 'authorization_endpoint') ?? issuer).pathname],
    [`${origin}${path}/login`],
  ])
  const main = new URL(issuer)
  return [
    checkAsking(host, await asksForCertificate(targetOf(host, room)), true),
    ...(main.protocol === 'https:'
      ? [checkAsking(main.host, await asksForCertificate(targetOf(main.host, room)), false)]
      : []),
    checkReachesWorker(await tryAsk(withCertificate, token, post), {
      check: 'mtls.self_signed',
      what: 'A request with a self-signed certificate',
    }),
    checkReachesWorker(await tryAsk(fetch, token, { ...post, body: clientless() }), {
      check: 'mtls.without',
      what: 'A request without a certificate',
    }),
    checkNoPages(pages.answers),
  ]
}
