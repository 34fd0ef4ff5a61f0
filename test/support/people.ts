import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { openAdmin } from './admin.ts'
import { nowSeconds } from './test-client.ts'
import type { Server } from './test-client.ts'
import { sharedServer } from './worker-server.ts'

/** Somebody nobody else of the tests is. */
export type Somebody = {
  readonly username: string
  readonly password: string
  readonly sub: string
  /** Base32 secret of one-time codes; empty for somebody without. */
  readonly secret: string
}

/** Registers a person; with a one-time code unless told otherwise. */
export async function newPerson(
  options: {
    readonly code?: boolean
    readonly on?: Server
    readonly username?: string
  } = {},
): Promise<Somebody> {
  const { code = true, on = sharedServer() } = options
  const id = `person-${randomBytes(6).toString('hex')}`
  const { username: name = id } = options
  const secret = code ? new Secret({ size: 20 }).base32 : ''
  const person = { username: name, password: `the password of ${name}`, sub: `sub-${id}`, secret }
  const body = {
    password: person.password,
    sub: person.sub,
    claims: { name: `Somebody ${name}`, email: `${id}@example.com` },
    ...(code ? { totp_secret: secret } : {}),
  }
  const answer = await (
    await openAdmin(on)
  ).request('PUT', `/users/${encodeURIComponent(name)}`, body)
  if (answer.status !== 201) throw new Error(`no person: ${answer.status} ${answer.text}`)
  return person
}

/**
 * The code an authenticator app shows, `steps` of 30 seconds away from now. Each step is accepted once,
 * so a second sign-in of the same person needs a later one.
 */
export const codeOf = (person: Somebody, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(person.secret) }).generate({
    timestamp: (nowSeconds() + 30 * steps) * 1000,
  })
