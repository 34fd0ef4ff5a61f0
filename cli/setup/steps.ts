import { files } from './files.ts'
import type { Deployment } from './settings.ts'

/** What is left to do after set-up, in the order it must be done. */
export function nextSteps(deployment: Deployment): string {
  const { issuer, mtlsHost } = deployment
  const mtls =
    mtlsHost === undefined
      ? []
      : [
          `   - SSL/TLS > Client Certificates > Hosts: add ${mtlsHost}, so that clients are asked for`,
          '     their certificate. No WAF rule may block unverified certificates there: self-signed',
          '     ones are allowed. Own CAs (tls_client_auth) need an Enterprise plan.',
        ]
  return [
    'Next steps:',
    '1. Sign in to Cloudflare (Workers Paid plan):',
    '     npx wrangler login',
    '2. Store the master secret; it is read from the file and shown nowhere:',
    `     npx wrangler secret put MASTER_SECRET -c ${files.deployment} < ${files.secret}`,
    `   Then move ${files.secret} to where your organisation keeps secrets. Losing it loses the keys.`,
    '3. Deploy:',
    `     npx wrangler deploy -c ${files.deployment}`,
    '4. Set the zone up in the Cloudflare dashboard:',
    '   - SSL/TLS > Edge Certificates: minimum TLS version 1.2 (or 1.3), TLS 1.3 on, Always Use HTTPS on.',
    '   - Cipher suites (Advanced Certificate Manager), unless the minimum is TLS 1.3:',
    '       PATCH /client/v4/zones/ZONE_ID/settings/ciphers',
    `       { "value": [${cipherSuites.map((suite) => `"${suite}"`).join(', ')}] }`,
    '   - HSTS: the Worker sends it itself; consider submitting the domain to the preload list.',
    ...mtls,
    '5. Look at the result from outside:',
    `     npm run doctor -- ${issuer}`,
    '6. Register a client:',
    '     npm run fapi -- clients put my-app.json',
  ].join('\n')
}

/** BCP 195 (RFC 9325 4.2): what may be negotiated under TLS 1.2, by Cloudflare's names. */
const cipherSuites = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]

/** What is left to do after a new master secret stands in front of the list. */
export function rotationSteps(secretFile: string): string {
  return [
    'Next steps:',
    '1. Store the list; new nonces, forms and keys are made with its first secret at once:',
    `     npx wrangler secret put MASTER_SECRET -c ${files.deployment} < ${secretFile}`,
    '2. Encrypt the stored signing keys under it:',
    '     npm run fapi -- keys rewrap',
    '3. A day later, when nothing lives any more that an older secret made, remove the older entries',
    `   (everything from the first comma on) from ${secretFile} and store it again as in step 1.`,
    '   If an older secret has leaked, do that at once after step 2, and rotate the signing keys too:',
    '     npm run fapi -- keys rotate',
  ].join('\n')
}
