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

const purposeOption = {
  purpose: {
    type: 'string',
    value: 'PURPOSE',
    help: 'Only signing, evidence or decryption keys.',
  },
} as const

/** `keys …`: what the issuer signs with, and what clients encrypt for. */
export const keyCommands: readonly Command[] = [
  {
    name: 'keys list',
    args: [],
    options: purposeOption,
    summary: 'Lists the keys with what they are for and their states.',
    examples: ['keys list', 'keys list --purpose evidence'],
    run: listKeys,
  },
  {
    name: 'keys rotate',
    args: [],
    options: {
      purpose: { ...purposeOption.purpose, help: 'signing (default), evidence or decryption.' },
      kid: { type: 'string', value: 'KID', help: 'Only the keys this one belongs to.' },
    },
    summary: 'Starts a rotation: the next key is used once every cache has seen it.',
    examples: ['keys rotate', 'keys rotate --purpose evidence', 'keys rotate --kid KID'],
    run: rotateKeys,
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
    options: purposeOption,
    summary: 'Encrypts the stored keys anew under the current (first) master secret.',
    examples: ['keys rewrap'],
    run: rewrapKeys,
  },
]

async function listKeys(context: Context): Promise<Result> {
  const path = `/keys${query(context, 'purpose')}`
  const { body } = await call(await context.connect(), 'GET', path)
  return { json: body, text: keyTable(body) }
}

async function rotateKeys(context: Context): Promise<Result> {
  const { purpose, kid } = context.options
  if (purpose !== undefined && kid !== undefined) {
    throw new Failure('Give --purpose or --kid, not both.')
  }
  const path = `/keys/rotate${query(context, 'purpose') || query(context, 'kid')}`
  const { body } = await call(await context.connect(), 'POST', path)
  return { json: record(body), text: `A rotation has begun.${keysOf(body)}` }
}

/** An option as the query of a path; nothing when it was not given. */
function query(context: Context, name: string): string {
  const value = context.options[name]
  return typeof value === 'string' ? `?${name}=${encodeURIComponent(value)}` : ''
}

async function revokeKey(context: Context): Promise<Result> {
  const kid = argument(context, 0)
  const path = `/keys/${segment(kid)}/revoke`
  const api = await context.connect()
  await confirm(context.terminal, {
    question: `Revoke key ${cell(kid)}? What it signed stops being accepted, what was encrypted for it cannot be read.`,
    yes: context.options['yes'] === true,
  })
  const { body } = await call(api, 'POST', path)
  return { json: record(body), text: `Key ${cell(kid)} is revoked.` }
}

async function rewrapKeys(context: Context): Promise<Result> {
  const { body } = await call(
    await context.connect(),
    'POST',
    `/keys/rewrap${query(context, 'purpose')}`,
  )
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
    key['purpose'],
    key['alg'],
    key['state'],
    time(key['active_from']),
    key['secret_id'],
  ])
  return table(
    ['KID', 'PURPOSE', 'ALG', 'STATE', 'ACTIVE FROM', 'SECRET'],
    rows,
    'There are no keys.',
  )
}
