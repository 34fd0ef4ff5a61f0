import { WorkerEntrypoint } from 'cloudflare:workers'
import { Secret, TOTP } from 'otpauth'
import type {
  LoginAnswer,
  LoginPageAnswer,
  LoginRequest,
  LoginService,
} from '../../src/people/login-service.ts'

/*
 * An example of a login of one's own: a Worker that is bound as a service and answers one RPC. It asks
 * for a name and a password, then for a one-time code. A real one keeps people in a database, remembers
 * used codes and throttles guesses: the server that calls it does neither for it.
 */

const staff = [
  {
    username: 'mia',
    password: 'mia has a long password',
    secret: 'MFRGGZDFMZTWQ2LKMFRGGZDFMZTWQ2LK',
    name: 'Mia Wolf',
    email: 'mia@staff.example',
  },
] as const

const namePage = (known: string): LoginPageAnswer => ({
  status: 'page',
  title: 'Staff sign-in',
  fields: [
    {
      name: 'username',
      label: 'Staff name',
      type: 'text',
      autocomplete: 'username',
      required: true,
      ...(known === '' ? {} : { value: known.slice(0, 256) }),
    },
    {
      name: 'password',
      label: 'Password',
      type: 'password',
      autocomplete: 'current-password',
      required: true,
    },
  ],
  buttons: [{ value: 'login', label: 'Continue' }],
})

const codePage: LoginPageAnswer = {
  status: 'page',
  title: 'Staff sign-in',
  message: 'Enter the code that your app shows now.',
  fields: [
    {
      name: 'otp',
      label: 'One-time code',
      type: 'text',
      inputmode: 'numeric',
      autocomplete: 'one-time-code',
      required: true,
    },
  ],
  buttons: [{ value: 'login', label: 'Sign in' }],
}

function firstStep({ form, login_hint: hint, now }: LoginRequest): LoginAnswer {
  const { username = hint ?? '', password } = form
  const person = staff.find((one) => one.username === username && one.password === password)
  if (person !== undefined) {
    return { ...codePage, state: JSON.stringify({ username: person.username, at: now }) }
  }
  const page = namePage(username)
  return password === undefined
    ? page
    : { ...page, problem: 'Staff name and password do not match.' }
}

function secondStep(request: LoginRequest, state: string): LoginAnswer {
  const { username, at } = JSON.parse(state) as { username: string; at: number }
  const person = staff.find((one) => one.username === username)
  if (person === undefined) return { status: 'failed', reason: 'the person is gone' }
  const { otp } = request.form
  if (otp === undefined) return { ...codePage, state }
  const totp = new TOTP({ secret: Secret.fromBase32(person.secret) })
  if (totp.validate({ token: otp, timestamp: request.now * 1000, window: 1 }) === null) {
    return { ...codePage, state, problem: 'This code is not valid.' }
  }
  return {
    status: 'authenticated',
    subject: person.username,
    level: 2,
    amr: ['pwd', 'otp', 'mfa'],
    auth_time: at,
    claims: { name: person.name, email: person.email, email_verified: true },
    username: person.name,
  }
}

/** The one method the server calls, at each step of a sign-in. */
export default class ExampleLogin extends WorkerEntrypoint implements LoginService {
  async authenticate(request: LoginRequest): Promise<LoginAnswer> {
    return request.state === undefined ? firstStep(request) : secondStep(request, request.state)
  }
}
