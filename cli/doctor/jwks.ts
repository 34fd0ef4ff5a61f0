import { record, records } from '../commands/command.ts'
import {
  allowedAlgorithms,
  jsonOf,
  judge,
  mediaType,
  type Answer,
  type Finding,
} from './finding.ts'

type Key = Readonly<Record<string, unknown>>

/** RFC 7518 6: what must never be published. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** The published keys: well-formed, public, strong and told apart by `kid`. */
export function checkJwks(answer: Answer): readonly Finding[] {
  const document = jsonOf(answer)
  const keys = records(document?.['keys'])
  const jsonTypes = ['application/json', 'application/jwk-set+json']
  const there = judge({
    check: 'jwks.document',
    holds: answer.status === 200 && jsonTypes.includes(mediaType(answer)) && keys.length > 0,
    good: `${keys.length} key${keys.length === 1 ? '' : 's'} at ${answer.url}`,
    bad: `No keys at ${answer.url} (status ${answer.status})`,
    remedy: 'Look at the key ring: npm run fapi -- keys list.',
  })
  if (there.outcome !== 'pass') return [there]
  const kids = keys.map((key) => key['kid'])
  return [
    there,
    judge({
      check: 'jwks.kid',
      holds:
        kids.every((kid) => typeof kid === 'string' && kid.trim() !== '') &&
        new Set(kids).size === kids.length,
      good: 'Every key has a kid of its own',
      bad: 'A kid is missing or used twice',
      remedy: 'Revoke the odd key: npm run fapi -- keys revoke KID.',
    }),
    judge({
      check: 'jwks.public',
      holds: keys.every((key) => privateMembers.every((member) => !(member in key))),
      good: 'No private member is published',
      bad: 'A PRIVATE KEY IS PUBLISHED',
      remedy: 'Revoke it now: npm run fapi -- keys revoke KID; then find out who saw it.',
    }),
    judge({
      check: 'jwks.strength',
      holds: keys.every(isStrong),
      good: 'Keys are P-256, Ed25519 or RSA of at least 2048 bits',
      bad: `Keys that FAPI 2.0 does not allow: ${keys.filter((key) => !isStrong(key)).map(nameOf)}`,
      remedy:
        'Set signing_alg to ES256 (or PS256, Ed25519) and rotate: npm run fapi -- keys rotate.',
    }),
  ]
}

const nameOf = (key: Key): string => String(record(key)['kid'] ?? '(no kid)')

function isStrong(key: Key): boolean {
  const { kty, crv, alg, use, n } = key
  if (use !== undefined && use !== 'sig' && use !== 'enc') return false
  if (use !== 'enc' && alg !== undefined && !allowedAlgorithms.includes(String(alg))) return false
  if (kty === 'EC') return crv === 'P-256'
  if (kty === 'OKP') return crv === 'Ed25519'
  return kty === 'RSA' && bitLength(String(n)) >= 2048
}

function bitLength(modulus: string): number {
  const hex = Buffer.from(modulus, 'base64url').toString('hex').replace(/^0+/, '')
  return hex === '' ? 0 : BigInt(`0x${hex}`).toString(2).length
}
