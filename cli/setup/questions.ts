import type { OptionValue } from '../commands/command.ts'
import { Failure, misuse } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import type { Deployment } from './settings.ts'

export type Answers = Readonly<Record<string, OptionValue>>

type Question = {
  readonly option: string
  readonly question: string
  readonly otherwise?: string | undefined
}

/** Asks what the options leave open. Without a person, or with --yes, defaults answer. */
export async function askDeployment(
  answers: Answers,
  terminal: Terminal,
): Promise<Deployment & { readonly operator: string }> {
  const settle = async ({ option, question, otherwise }: Question): Promise<string> => {
    const given = answers[option]
    if (typeof given === 'string') return given
    const asking = terminal.interactive && answers['yes'] !== true
    const suffix = otherwise === undefined ? '' : ` [${otherwise}]`
    const typed = asking ? (await terminal.ask(`${question}${suffix}: `)).trim() : ''
    const value = typed === '' ? otherwise : typed
    if (value !== undefined) return value
    throw misuse(`Say what the ${option} is: --${option}.`)
  }
  const issuer = checkIssuerUrl(
    await settle({ option: 'issuer', question: 'Issuer URL (https://auth.bank.example)' }),
  )
  const host = await settle({
    option: 'mtls-host',
    question: "Host for mutual TLS, 'none' for DPoP alone",
    otherwise: suggestMtlsHost(issuer),
  })
  const operator = await settle({
    option: 'operator',
    question: 'Name of the operator',
    otherwise: 'admin',
  })
  const id = typeof answers['id'] === 'string' ? answers['id'] : 'main'
  return { id, issuer, mtlsHost: readHost(host), operator }
}

/** What `--update` is asked to change. */
export function readChange(answers: Answers): Partial<Deployment> {
  if (answers['id'] !== undefined) throw misuse('The id of an issuer never changes.')
  const { issuer, 'mtls-host': host } = answers
  return {
    ...(typeof issuer === 'string' ? { issuer: checkIssuerUrl(issuer) } : {}),
    ...(typeof host === 'string' ? { mtlsHost: readHost(host) } : {}),
  }
}

/** A sibling of the issuer's host, which the same zone and a plain certificate cover. */
export function suggestMtlsHost(issuer: string): string {
  const [first = '', ...rest] = new URL(issuer).hostname.split('.')
  return rest.length > 1 ? [`${first}-mtls`, ...rest].join('.') : ['mtls', first, ...rest].join('.')
}

function checkIssuerUrl(issuer: string): string {
  if (!URL.canParse(issuer)) throw new Failure(`The issuer '${issuer}' is not a URL.`)
  if (new URL(issuer).protocol === 'https:') return issuer
  throw new Failure(`The issuer '${issuer}' must be https.`)
}

function readHost(host: string): string | undefined {
  if (host === 'none') return undefined
  if (/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(host)) return host
  throw new Failure(`The mTLS host '${host}' is not a host name such as auth-mtls.bank.example.`)
}
