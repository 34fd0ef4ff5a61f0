import { Failure } from '../failure.ts'
import { cell, table, time } from '../table.ts'
import { confirm } from '../terminal.ts'
import {
  argument,
  call,
  record,
  records,
  segment,
  yesOption,
  type Command,
  type Context,
  type Result,
} from './command.ts'

/** `keys …`: what the issuer signs with. */
export const keyCommands: readonly Command[] = [
  {
    name: 'keys list',
    args: [],
    options: {},
    summary: 'Lists the signing keys with their states.',
    examples: ['keys list'],
    run: listKeys,
  },
  {
    name: 'keys rotate',
    args: [],
    options: {},
    summary: 'Starts a rotation: the next key signs once every cache has seen it.',
    examples: ['keys rotate'],
    run: async (context) => {
      const { body } = await call(await context.connect(), 'POST', '/keys/rotate')
      return { json: record(body), text: `A rotation has begun.${keysOf(body)}` }
    },
  },
  {
    name: 'keys revoke',
    args: ['KID'],
    options: yesOption,
    summary: 'Drops a key at once, for a key that leaked: what it signed no longer verifies.',
    examples: ['keys revoke KID', 'keys revoke KID --yes'],
    run: revokeKey,
  },
  {
    name: 'keys rewrap',
    args: [],
    options: {},
    summary: 'Encrypts the stored keys anew under the current (first) master secret.',
    examples: ['keys rewrap'],
    run: rewrapKeys,
  },
]

async function listKeys(context: Context): Promise<Result> {
  const { body } = await call(await context.connect(), 'GET', '/keys')
  return { json: body, text: keyTable(body) }
}

async function revokeKey(context: Context): Promise<Result> {
  const kid = argument(context, 0)
  const path = `/keys/${segment(kid)}/revoke`
  const api = await context.connect()
  await confirm(context.terminal, {
    question: `Revoke key ${cell(kid)}? Tokens it signed stop being accepted.`,
    yes: context.options['yes'] === true,
  })
  const { body } = await call(api, 'POST', path)
  return { json: record(body), text: `Key ${cell(kid)} is revoked.` }
}

async function rewrapKeys(context: Context): Promise<Result> {
  const { body } = await call(await context.connect(), 'POST', '/keys/rewrap')
  const { rewrapped, lost } = record(body)
  if (typeof lost === 'number' && lost > 0) {
    throw new Failure(
      `${lost} of the stored keys cannot be opened: put the secret they were encrypted under back into MASTER_SECRET, or revoke them.`,
      { answer: body },
    )
  }
  return {
    json: record(body),
    text: `All stored keys are encrypted under the current master secret (${cell(rewrapped)} anew).`,
  }
}

/** Some answers carry the keys as they now are. */
const keysOf = (body: unknown): string =>
  Array.isArray(record(body)['keys']) ? `\n${keyTable(body)}` : ''

function keyTable(body: unknown): string {
  const rows = records(record(body)['keys']).map((key) => [
    key['kid'],
    key['alg'],
    key['use'],
    key['state'],
    time(key['active_from']),
    key['secret_id'],
  ])
  return table(['KID', 'ALG', 'USE', 'STATE', 'ACTIVE FROM', 'SECRET'], rows, 'There are no keys.')
}
