import { leastPasswordCharacters, mostPasswordCharacters } from './password.ts'
import { normalName } from './sign-in.ts'

/** The most common passwords that are long enough; the throttle is for what lies beyond. */
const common = new Set(
  `12345678 123456789 1234567890 12345678910 11111111 111111111 00000000 000000000 88888888 87654321
  987654321 9876543210 0987654321 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qwertyui qwerty12 qwerty123 qwerty1234
  qwertyuiop qwertzui qwertzuiop asdfghjkl asdfasdf zaq12wsx password password1 password12 password123
  password1234 passw0rd p@ssw0rd p@ssword pa55word passwort passwort1 passwort123 kennwort1 abcd1234
  abcdefgh abc12345 a1b2c3d4 aa123456 a123456789 iloveyou iloveyou1 football baseball basketball
  superman princess sunshine computer trustno1 whatever welcome1 welcome123 willkommen hallo123
  hallo1234 schatz123 starwars dragon123 monkey123 letmein1 letmein123 changeme changeme1 administrator
  admin123 admin1234 testtest test1234 secret123 internet michelle jennifer liverpool sommer2024`
    .split(/\s+/)
    .map((word) => word.toLowerCase()),
)

/**
 * Why a new password is not good enough; undefined for one that is. Length and what everybody tries
 * first, no rules of composition (NIST SP 800-63B 5.1.1.2).
 *
 * @example checkNewPassword('correct horse battery', 'alice') // undefined
 */
export function checkNewPassword(
  password: string,
  username: string,
): 'length' | 'common' | undefined {
  const { length } = password
  if (length < leastPasswordCharacters || length > mostPasswordCharacters) return 'length'
  const plain = normalName(password)
  const oneLetter = new Set(plain).size === 1
  return common.has(plain) || plain === username || oneLetter ? 'common' : undefined
}
