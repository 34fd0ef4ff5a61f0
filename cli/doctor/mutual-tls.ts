import { webcrypto } from 'node:crypto'
import { jsonOf, judge, mediaType, skip, warn, type Answer, type Finding } from './finding.ts'

/** A self-signed certificate that lives for an hour and says whose it is. */
export async function selfSignedCertificate(): Promise<{
  readonly cert: string
  readonly key: string
}> {
  // The X.509 library needs this before its own first line.
  await import('reflect-metadata')
  const { X509CertificateGenerator } = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=fapi-edge doctor',
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: algorithm,
    keys,
  })
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const lines = pkcs8.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: certificate.toString('pem'),
    key: ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n'),
  }
}

const hostRemedy =
  'Add the host under SSL/TLS > Client Certificates > Hosts, and remove WAF rules that block unverified certificates.'

/** The mTLS host asks for a certificate; the host that browsers visit must not. */
export function checkAsking(host: string, asks: boolean | undefined, isMtlsHost: boolean): Finding {
  const check = isMtlsHost ? 'mtls.asks' : 'mtls.main_host'
  if (asks === undefined) {
    const says = `${host}: whether it asks for a client certificate cannot be seen under TLS 1.3`
    return isMtlsHost ? warn(check, says, hostRemedy) : skip(check, says)
  }
  return judge({
    check,
    holds: asks === isMtlsHost,
    good: `${host}: ${isMtlsHost ? 'asks' : 'does not ask'} for a client certificate`,
    bad: `${host}: ${isMtlsHost ? 'does not ask' : 'asks'} for a client certificate`,
    remedy: isMtlsHost ? hostRemedy : 'Browsers would be asked too: ask on the mTLS host only.',
  })
}

/** A token request without a client, over the mTLS host: the Worker must answer it, not a WAF. */
export function checkReachesWorker(
  answer: Answer | string,
  name: { readonly check: string; readonly what: string },
): Finding {
  const json =
    typeof answer !== 'string' && mediaType(answer) === 'application/json'
      ? jsonOf(answer)
      : undefined
  const seen =
    typeof answer === 'string'
      ? answer
      : `status ${answer.status}, ${mediaType(answer) || 'no type'}`
  return judge({
    check: name.check,
    holds: typeof json?.['error'] === 'string',
    good: `${name.what} reaches the server`,
    bad: `${name.what} does not reach the server (${seen})`,
    remedy: hostRemedy,
  })
}

/** Pages for browsers are not served where certificates are asked for. */
export function checkNoPages(answers: readonly Answer[]): Finding {
  const served = answers.filter(
    (answer) =>
      answer.status < 400 || (mediaType(answer) === 'text/html' && /<form\b/i.test(answer.body)),
  )
  return judge({
    check: 'mtls.no_pages',
    holds: served.length === 0,
    good: 'No page for browsers on the mTLS host',
    bad: `Pages for browsers on the mTLS host: ${served.map((answer) => new URL(answer.url).pathname).join(', ')}`,
    remedy: 'mtls_origin must be a host of its own, in SETTINGS and in the routes.',
  })
}
