import type { AdminAnswer } from '../admin-client.ts'
import { cell, table } from '../table.ts'
import { confirm } from '../terminal.ts'
import {
  argument,
  call,
  listAll,
  onlyNew,
  record,
  segment,
  yesOption,
  type Command,
  type Context,
  type Result,
} from './command.ts'
import { readJsonObject, readPassword } from './input.ts'
import { misuse } from '../failure.ts'

/** `users …`: the people who sign in. */
export const userCommands: readonly Command[] = [
  {
    name: 'users put',
    args: ['USERNAME'],
    options: {
      'password-stdin': { type: 'boolean', help: 'Read the password from standard input.' },
      claims: { type: 'string', value: 'FILE', help: 'JSON object of claims (name, email, …).' },
      sub: { type: 'string', value: 'SUB', help: 'The subject identifier; made up if left out.' },
      new: { type: 'boolean', help: 'Refuse if a person with this name exists already.' },
    },
    summary: 'Creates or changes a person. The password is asked for, or read; never an argument.',
    examples: [
      'users put alice',
      'users put alice --claims alice.json',
      'users put alice --password-stdin < password.txt',
    ],
    run: putUser,
  },
  {
    name: 'users get',
    args: ['USERNAME'],
    options: {},
    summary: 'Shows a person: subject, claims and state.',
    examples: ['users get alice'],
    run: async (context) => {
      const path = `/users/${segment(argument(context, 0))}`
      const { body } = await call(await context.connect(), 'GET', path)
      return { json: body, text: JSON.stringify(body, null, 2) }
    },
  },
  {
    name: 'users list',
    args: [],
    options: {},
    summary: 'Lists all people.',
    examples: ['users list', 'users list --json'],
    run: listUsers,
  },
  {
    name: 'users invite',
    args: ['USERNAME'],
    options: {},
    summary:
      'Makes a one-time link by which a person sets up how they sign in. An older link is void.',
    examples: ['users invite alice'],
    run: inviteUser,
  },
  {
    name: 'users reset',
    args: ['USERNAME'],
    options: yesOption,
    summary:
      'Takes every password, passkey and code of a person away, signs them out, and makes a one-time link.',
    examples: ['users reset alice', 'users reset alice --yes'],
    run: resetUser,
  },
  {
    name: 'users disable',
    args: ['USERNAME'],
    options: {},
    summary: 'Ends what a person allowed and refuses new sign-ins.',
    examples: ['users disable alice'],
    run: (context) => switchUser(context, 'disable'),
  },
  {
    name: 'users enable',
    args: ['USERNAME'],
    options: {},
    summary: 'Lets a disabled person sign in again.',
    examples: ['users enable alice'],
    run: (context) => switchUser(context, 'enable'),
  },
]

async function putUser(context: Context): Promise<Result> {
  const { options, terminal } = context
  const username = argument(context, 0)
  const path = `/users/${segment(username)}`
  const { claims: file, sub } = options
  const fromInput = options['password-stdin'] === true
  if (file === '-' && fromInput) {
    throw misuse('Standard input cannot hold both the password and the claims.')
  }
  const claims = typeof file === 'string' ? await readJsonObject(terminal, file) : undefined
  const api = await context.connect()
  const password = await readPassword(terminal, { username, fromInput })
  const user = {
    ...(password === undefined ? {} : { password }),
    ...(sub === undefined ? {} : { sub }),
    ...(claims === undefined ? {} : { claims }),
  }
  const { status, body } = await call(api, 'PUT', path, user, onlyNew(options))
  const done = status === 201 ? 'created' : 'changed'
  return { json: record(body), text: `User ${cell(username)} was ${done}.` }
}

async function listUsers(context: Context): Promise<Result> {
  const json = await listAll(await context.connect(), '/users', 'users')
  const rows = (json['users'] ?? []).map((user) => [
    user['username'],
    user['sub'],
    user['enabled'] === false ? 'disabled' : 'enabled',
    factorsInWords(record(user['factors'])),
  ])
  return { json, text: table(['USER', 'SUB', 'STATE', 'FACTORS'], rows, 'There are no users.') }
}

/** What a person can sign in with, e.g. `password, totp, 2 passkeys`. */
function factorsInWords(factors: Readonly<Record<string, unknown>>): string {
  const passkeys = Number(factors['passkeys'] ?? 0)
  const words = [
    ...(factors['password'] === true ? ['password'] : []),
    ...(factors['totp'] === true ? ['totp'] : []),
    ...(passkeys > 0 ? [`${passkeys} passkey${passkeys === 1 ? '' : 's'}`] : []),
  ]
  return words.join(', ')
}

async function resetUser(context: Context): Promise<Result> {
  const username = argument(context, 0)
  const api = await context.connect()
  await confirm(context.terminal, {
    question: `Take away everything ${cell(username)} signs in with, and end their sessions?`,
    yes: context.options['yes'] === true,
  })
  return linkFrom(await call(api, 'POST', `/users/${segment(username)}/reset`))
}

async function inviteUser(context: Context): Promise<Result> {
  const path = `/users/${segment(argument(context, 0))}/setup-link`
  return linkFrom(await call(await context.connect(), 'POST', path))
}

function linkFrom({ body }: AdminAnswer): Result {
  const { url, expires_at: until } = record(body)
  const text = [
    'Give this link to the person, and to nobody else:',
    String(url),
    `It works once, until ${cell(until)}.`,
  ].join('\n')
  return { json: record(body), text }
}

async function switchUser(context: Context, action: 'disable' | 'enable'): Promise<Result> {
  const username = argument(context, 0)
  const path = `/users/${segment(username)}/${action}`
  const { body } = await call(await context.connect(), 'POST', path)
  return { json: record(body), text: `User ${cell(username)} is ${action}d.` }
}
