import { misuse } from '../failure.ts'
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

/** `grants …`: what people allowed clients to do. */
export const grantCommands: readonly Command[] = [
  {
    name: 'grants list',
    args: [],
    options: {
      user: { type: 'string', value: 'USERNAME', help: 'Whose grants (required).' },
    },
    summary: 'Lists what a person has allowed.',
    examples: ['grants list --user alice'],
    run: listGrants,
  },
  {
    name: 'grants revoke',
    args: ['GRANT_ID'],
    options: yesOption,
    summary: 'Ends a grant with its refresh token and access tokens, at once.',
    examples: ['grants revoke GRANT_ID', 'grants revoke GRANT_ID --yes'],
    run: revokeGrant,
  },
]

async function listGrants(context: Context): Promise<Result> {
  const { user } = context.options
  if (typeof user !== 'string') throw misuse('Whose grants? Add --user USERNAME.')
  const path = `/users/${segment(user)}/grants`
  const { body } = await call(await context.connect(), 'GET', path)
  const rows = records(record(body)['grants']).map((grant) => [
    grant['grant_id'],
    grant['client_id'],
    grant['status'],
    grant['scope'],
    time(grant['created_at']),
    time(grant['expires_at']),
  ])
  const columns = ['GRANT', 'CLIENT', 'STATUS', 'SCOPE', 'CREATED', 'EXPIRES']
  return { json: body, text: table(columns, rows, `${cell(user)} has allowed nothing.`) }
}

async function revokeGrant(context: Context): Promise<Result> {
  const id = argument(context, 0)
  const path = `/grants/${segment(id)}/revoke`
  const api = await context.connect()
  await confirm(context.terminal, {
    question: `Revoke grant ${cell(id)} and all its tokens?`,
    yes: context.options['yes'] === true,
  })
  const { body } = await call(api, 'POST', path)
  return { json: record(body), text: `Grant ${cell(id)} is revoked.` }
}
