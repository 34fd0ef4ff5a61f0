import { Failure } from '../failure.ts'
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
import { readJsonObject } from './input.ts'

/** `clients …`: who may ask for tokens. */
export const clientCommands: readonly Command[] = [
  {
    name: 'clients put',
    args: ['FILE|-'],
    options: {
      new: { type: 'boolean', help: 'Refuse if a client with this id exists already.' },
    },
    summary: 'Creates or changes a client from its metadata (RFC 7591 names, with client_id).',
    examples: [
      'clients put my-app.json',
      'clients put - < my-app.json',
      'clients put my-app.json --new',
    ],
    run: putClient,
  },
  {
    name: 'clients get',
    args: ['CLIENT_ID'],
    options: {},
    summary: "Shows a client's metadata.",
    examples: ['clients get my-app', 'clients get my-app --json > my-app.json'],
    run: async (context) => {
      const path = `/clients/${segment(argument(context, 0))}`
      const { body } = await call(await context.connect(), 'GET', path)
      return { json: body, text: JSON.stringify(body, null, 2) }
    },
  },
  {
    name: 'clients list',
    args: [],
    options: {},
    summary: 'Lists all clients.',
    examples: ['clients list', 'clients list --json'],
    run: listClients,
  },
  {
    name: 'clients disable',
    args: ['CLIENT_ID'],
    options: {},
    summary: 'Refuses a client everywhere, at once; its tokens end.',
    examples: ['clients disable my-app'],
    run: (context) => act(context, 'disable', 'disabled'),
  },
  {
    name: 'clients enable',
    args: ['CLIENT_ID'],
    options: {},
    summary: 'Lets a disabled client in again.',
    examples: ['clients enable my-app'],
    run: (context) => act(context, 'enable', 'enabled'),
  },
  {
    name: 'clients verify',
    args: ['CLIENT_ID'],
    options: {},
    summary: 'Tells people that you have verified whose client this is.',
    examples: ['clients verify my-app'],
    run: (context) => act(context, 'verify', 'verified'),
  },
  {
    name: 'clients unverify',
    args: ['CLIENT_ID'],
    options: {},
    summary: 'Tells people no longer that you have verified a client.',
    examples: ['clients unverify my-app'],
    run: (context) => act(context, 'unverify', 'not verified'),
  },
  {
    name: 'clients delete',
    args: ['CLIENT_ID'],
    options: yesOption,
    summary: 'Deletes a client; its tokens and grants never revive.',
    examples: ['clients delete my-app', 'clients delete my-app --yes'],
    run: deleteClient,
  },
]

async function putClient(context: Context): Promise<Result> {
  const metadata = await readJsonObject(context.terminal, argument(context, 0))
  const id = metadata['client_id']
  if (typeof id !== 'string' || id === '') throw new Failure("The metadata has no 'client_id'.")
  const path = `/clients/${segment(id)}`
  const api = await context.connect()
  const { status, body } = await call(api, 'PUT', path, metadata, onlyNew(context.options))
  return { json: body, text: `Client ${cell(id)} was ${status === 201 ? 'created' : 'changed'}.` }
}

async function listClients(context: Context): Promise<Result> {
  const json = await listAll(await context.connect(), '/clients', 'clients')
  const rows = (json['clients'] ?? []).map((client) => [
    client['client_id'],
    client['client_name'],
    client['enabled'] === false ? 'disabled' : 'enabled',
    client['operator_verified'] === true ? 'yes' : 'no',
    client['version'],
  ])
  return {
    json,
    text: table(['CLIENT', 'NAME', 'STATE', 'VERIFIED', 'VERSION'], rows, 'There are no clients.'),
  }
}

async function act(
  context: Context,
  action: 'disable' | 'enable' | 'verify' | 'unverify',
  state: string,
): Promise<Result> {
  const id = argument(context, 0)
  const { body } = await call(await context.connect(), 'POST', `/clients/${segment(id)}/${action}`)
  return { json: record(body), text: `Client ${cell(id)} is ${state}.` }
}

async function deleteClient(context: Context): Promise<Result> {
  const id = argument(context, 0)
  const path = `/clients/${segment(id)}`
  const api = await context.connect()
  await confirm(context.terminal, {
    question: `Delete client ${cell(id)} and end all its tokens and grants?`,
    yes: context.options['yes'] === true,
  })
  const { body } = await call(api, 'DELETE', path)
  return { json: record(body), text: `Client ${cell(id)} was deleted.` }
}
