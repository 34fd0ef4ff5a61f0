/** Whether the entries tell one possible story: whose grant, until when, what was issued and ended. */
import type { Entry } from '../chain.ts'
import type { EvidenceFile } from '../file.ts'
import { readTokenId } from '../../handles.ts'
import { clockDifference } from './finding.ts'
import type { Faults } from './finding.ts'
import { countOf, textOf } from './shape.ts'

type Told = {
  readonly clientId?: string
  /** When the grant ends by itself: milliseconds. */
  readonly end?: number
  /** Number of the entry that ended it before its time. */
  readonly ended?: number
  /** Ids of tokens, and whether they were withheld. */
  readonly tokens: ReadonlyMap<string, 'released' | 'withheld'>
}

type Teller = (told: Told, entry: Entry, about: About) => Told
type About = { readonly file: EvidenceFile; readonly where: string; readonly fault: Faults }

const tellers: Partial<Record<Entry['kind'], Teller>> = {
  older: (told, { n }, { where, fault }) => {
    if (n !== 0) fault(where, 'Only a first entry can say that the grant is older.')
    return told
  },
  request: (told, { body }, { where, fault }) => {
    const clientId = textOf(body, 'client_id')
    if (clientId === undefined) fault(`${where}.client_id`, 'The entry names no client.')
    if (told.clientId !== undefined && clientId !== told.clientId) {
      fault(`${where}.client_id`, 'The grant belongs to another client.')
    }
    return clientId === undefined ? told : { ...told, clientId: told.clientId ?? clientId }
  },
  answer: (told, { at, body }) => {
    const lifetime = countOf(body, 'lifetime')
    const creates = body['action'] === 'create'
    return creates && lifetime !== undefined ? { ...told, end: at + lifetime } : told
  },
  change: (told, { body }, { where, fault }) => {
    if (told.ended !== undefined) fault(where, `The grant had ended with entry ${told.ended}.`)
    const end = countOf(body, 'expires_at')
    return end === undefined ? told : { ...told, end }
  },
  token: tellToken,
  withheld: tellWithheld,
  revocation: (told, { n, body }) => {
    const { what } = body
    const endsGrant = what === 'grant' || (what === 'code_reuse' && body['ends_grant'] === true)
    return endsGrant ? { ...told, ended: told.ended ?? n } : told
  },
}

function tellToken(told: Told, entry: Entry, { file, where, fault }: About): Told {
  const { body, at } = entry
  const jti = textOf(body, 'jti')
  const [iat, exp] = [countOf(body, 'iat'), countOf(body, 'exp')]
  if (jti === undefined || iat === undefined || exp === undefined) {
    fault(where, 'A token without jti, iat or exp.')
    return told
  }
  if (told.tokens.has(jti)) fault(`${where}.jti`, 'Another token has this id.')
  const home = readTokenId(jti)
  if (home?.home !== 'grant' || home.objectId !== file.grant) {
    fault(`${where}.jti`, 'This is not the id of a token of this grant.')
  }
  if (told.ended !== undefined) {
    fault(where, `A token after the grant had ended with entry ${told.ended}.`)
  }
  // A token of the grant's last second is over at once; and two clocks tell these times.
  if ((iat - exp) * 1000 > clockDifference)
    fault(`${where}.exp`, 'The token ends before it begins.')
  if (told.end !== undefined && exp * 1000 > told.end) {
    fault(`${where}.exp`, 'The token outlives the grant.')
  }
  if (told.end !== undefined && at >= told.end) fault(where, 'A token after the grant had expired.')
  return { ...told, tokens: new Map(told.tokens).set(jti, 'released') }
}

function tellWithheld(told: Told, { body }: Entry, { where, fault }: About): Told {
  const jti = textOf(body, 'jti') ?? ''
  const before = told.tokens.get(jti)
  if (before === undefined) fault(`${where}.jti`, 'No earlier token has this id.')
  if (before === 'withheld') fault(`${where}.jti`, 'This token was withheld before.')
  return before === undefined
    ? told
    : { ...told, tokens: new Map(told.tokens).set(jti, 'withheld') }
}

/** Reads the story; faults where it cannot be. The client whose grant it is. */
export function checkStory(file: EvidenceFile, fault: Faults): string | undefined {
  let told: Told = { tokens: new Map() }
  for (const [index, entry] of file.entries.entries()) {
    const tell = tellers[entry.kind]
    told = tell?.(told, entry, { file, where: `entries[${index}].body`, fault }) ?? told
  }
  return told.clientId
}
