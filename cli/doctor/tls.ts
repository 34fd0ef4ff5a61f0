import tls from 'node:tls'
import { judge, skip, warn, type Finding } from './finding.ts'
import { acceptedSuites, handshake, trusted, type Handshake, type Target } from './handshake.ts'

/** BCP 195 (RFC 9325 4.2): all that TLS 1.2 may negotiate on this server. */
const recommended = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]

type SuiteKind = 'cbc' | 'static_rsa' | 'dhe'

/** What TLS 1.2 may not negotiate, as far as this machine can offer it. */
export const forbiddenSuites: Readonly<Record<SuiteKind, readonly string[]>> = sortSuites(
  tls
    .getCiphers()
    .map((suite) => suite.toUpperCase())
    // Suites with shared secrets need one to be offered at all.
    .filter((suite) => !/^TLS_|PSK|SRP/.test(suite) && !recommended.includes(suite)),
)

function sortSuites(suites: readonly string[]): Record<SuiteKind, readonly string[]> {
  const isCbc = (suite: string) => !/GCM|CHACHA|CCM/.test(suite)
  const isDhe = (suite: string) => suite.startsWith('DHE-')
  return {
    cbc: suites.filter(isCbc),
    static_rsa: suites.filter((suite) => !isCbc(suite) && !/^(EC)?DHE-/.test(suite)),
    dhe: suites.filter((suite) => !isCbc(suite) && isDhe(suite)),
  }
}

/** What the handshakes with one host showed. */
export type TlsObservation = {
  readonly host: string
  /** Why the certificate is not trusted, if it is not. */
  readonly distrust: string | undefined
  readonly tls10: Handshake
  readonly tls11: Handshake
  readonly tls12: Handshake
  readonly tls13: Handshake
  readonly both: Handshake
  readonly accepted: Readonly<Record<SuiteKind, readonly string[]>>
}

export async function observeTls(target: Target): Promise<TlsObservation> {
  const only = (version: tls.SecureVersion) => handshake(target, { min: version, max: version })
  const tls12 = await handshake(target, {
    min: 'TLSv1.2',
    max: 'TLSv1.2',
    suites: recommended,
  })
  const accepted = async (kind: SuiteKind) => acceptedSuites(target, forbiddenSuites[kind])
  return {
    host: target.port === 443 ? target.host : `${target.host}:${target.port}`,
    distrust: await trusted(target),
    tls10: await only('TLSv1'),
    tls11: await only('TLSv1.1'),
    tls12,
    tls13: await only('TLSv1.3'),
    both: await handshake(target, { min: 'TLSv1.2', max: 'TLSv1.3' }),
    accepted: {
      cbc: await accepted('cbc'),
      static_rsa: await accepted('static_rsa'),
      dhe: await accepted('dhe'),
    },
  }
}

const minimumRemedy =
  'Set the minimum TLS version of the zone to 1.2 (SSL/TLS > Edge Certificates).'
const suiteRemedy =
  'Restrict the cipher suites (Advanced Certificate Manager), or set the minimum to TLS 1.3.'

/** FAPI2 SP 5.2.1 and 5.2.2, judged by what was seen. */
export function judgeTls(seen: TlsObservation): readonly Finding[] {
  const { host } = seen
  if (seen.tls12.kind === 'unknown' && seen.tls13.kind === 'unknown') {
    const bad = `${host}: no TLS handshake (${seen.tls13.why})`
    const remedy = 'Is the custom domain deployed, and does its name resolve?'
    return [{ check: 'tls.reachable', outcome: 'fail', says: bad, remedy }]
  }
  return [
    judge({
      check: 'tls.certificate',
      holds: seen.distrust === undefined,
      good: `${host}: the certificate is trusted`,
      bad: `${host}: the certificate is not trusted (${seen.distrust})`,
      remedy: 'Wait until the certificate of the custom domain is active; locally, give --ca FILE.',
    }),
    judgeOldVersion(host, { name: '1.0', check: 'tls.1_0', result: seen.tls10 }),
    judgeOldVersion(host, { name: '1.1', check: 'tls.1_1', result: seen.tls11 }),
    ...judgeNewVersions(seen),
    judgeSuites(seen, { kind: 'cbc', name: 'CBC' }),
    judgeSuites(seen, { kind: 'static_rsa', name: 'static RSA' }),
    judgeSuites(seen, { kind: 'dhe', name: 'DHE' }),
  ]
}

function judgeOldVersion(
  host: string,
  offer: { readonly name: string; readonly check: string; readonly result: Handshake },
): Finding {
  const { name, check, result } = offer
  if (result.kind === 'unknown') {
    return warn(check, `${host}: TLS ${name} could not be tried (${result.why})`, minimumRemedy)
  }
  if (result.kind === 'refused' && !result.cleanly) {
    return warn(
      check,
      `${host}: TLS ${name} is refused, with an alert that certification does not expect (${result.how})`,
      'It expects handshake_failure, protocol_version or a reset.',
    )
  }
  return judge({
    check,
    holds: result.kind === 'refused',
    good: `${host}: TLS ${name} is refused`,
    bad: `${host}: TLS ${name} is accepted`,
    remedy: minimumRemedy,
  })
}

function judgeNewVersions(seen: TlsObservation): readonly Finding[] {
  const { host, tls12, tls13, both } = seen
  const modern = tls13.kind === 'done'
  const offered = [tls12.kind === 'done' ? '1.2' : '', modern ? '1.3' : ''].filter(Boolean)
  return [
    judge({
      check: 'tls.accepted',
      holds: offered.length > 0,
      good: `${host}: TLS ${offered.join(' and ')} with recommended suites`,
      bad: `${host}: neither TLS 1.2 with recommended suites nor TLS 1.3 is accepted`,
      remedy: 'The cipher list of the zone lacks the ECDHE suites with AES-GCM.',
    }),
    judge({
      check: 'tls.1_3',
      holds: modern && both.kind === 'done' && both.protocol === 'TLSv1.3',
      good: `${host}: TLS 1.3 is preferred`,
      bad: modern ? `${host}: TLS 1.2 is preferred to 1.3` : `${host}: TLS 1.3 is not accepted`,
      remedy: 'Turn on TLS 1.3 (SSL/TLS > Edge Certificates).',
      mild: !modern,
    }),
  ]
}

function judgeSuites(
  seen: TlsObservation,
  suites: { readonly kind: SuiteKind; readonly name: string },
): Finding {
  const check = `tls.${suites.kind}`
  const { host } = seen
  const found = seen.accepted[suites.kind]
  if (forbiddenSuites[suites.kind].length === 0) {
    return skip(check, `${host}: this machine cannot offer ${suites.name} suites`)
  }
  if (seen.tls12.kind !== 'done' && found.length === 0) {
    return skip(check, `${host}: no ${suites.name} suites to look for without TLS 1.2`)
  }
  return judge({
    check,
    holds: found.length === 0,
    good: `${host}: ${suites.name} suites are refused`,
    bad: `${host}: ${suites.name} suites are accepted: ${found.join(', ')}`,
    remedy: suiteRemedy,
  })
}
