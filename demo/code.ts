import { demoPeople } from './seeds.ts'
import { oneTimeCode } from './story/one-time-code.ts'

/*
 * `npm run code`: the one-time codes of the demo people as their authenticator app would show them now;
 * `npm run code -- SECRET` that of another base32 secret.
 */

const period = 30
const secrets = process.argv.slice(2)
const people =
  secrets.length > 0
    ? secrets.map((secret) => ({ username: secret, totp_secret: secret }))
    : demoPeople
const now = Date.now()
try {
  for (const { username, totp_secret: secret } of people) {
    process.stdout.write(`${username.padEnd(8)} ${oneTimeCode(secret, now)}\n`)
  }
  const left = period - (Math.floor(now / 1000) % period)
  process.stdout.write(`new ones in ${left} s; each is accepted once\n`)
} catch {
  process.stderr.write('That is not a base32 secret.\n')
  process.exitCode = 1
}
