import path from 'node:path'
import { parseArgs } from 'node:util'
import { checkIssuer } from './admin-client.ts'
import { examine } from './doctor/examine.ts'
import type { Finding } from './doctor/finding.ts'
import { unseen } from './doctor/unseen.ts'
import { explain, Failure, misuse } from './failure.ts'
import { optionLines } from './help.ts'
import { defaultState, localCa, readCa } from './operator-key.ts'
import { processTerminal, type Terminal } from './terminal.ts'
import type { CommandOption } from './commands/command.ts'

const options: Readonly<Record<string, CommandOption>> = {
  ca: { type: 'string', value: 'FILE', help: 'PEM of a CA to trust besides the public ones.' },
  state: { type: 'string', value: 'DIR', help: 'State folder whose CA a local issuer uses.' },
  json: { type: 'boolean', help: 'Print the findings as JSON.' },
  help: { type: 'boolean', help: 'Explain.' },
}

const help = [
  'Usage: npm run doctor -- ISSUER [options]',
  '',
  'Looks at a deployed issuer from outside: metadata, keys, TLS, headers, back channel and mTLS.',
  'It changes nothing. Exit status 1 when something is wrong.',
  '',
  ...optionLines(options),
  '',
  'Examples:',
  '  npm run doctor -- https://auth.bank.example',
  '  npm run doctor -- https://localhost:8787        (npm start -- --tls)',
  '  npm run --silent doctor -- https://auth.bank.example --json',
].join('\n')

/** Examines one issuer and gives the exit status: 0 healthy, 1 not, 2 typed wrongly. */
export async function runDoctor(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { issuer, values } = readOptions(argv)
    if (values['help'] === true) {
      terminal.out(help)
      return 0
    }
    if (issuer === undefined) throw misuse('Usage: npm run doctor -- ISSUER')
    checkIssuer(issuer)
    const ca = await findCa(issuer, values, terminal.cwd)
    const findings = await examine({ issuer, ...(ca === undefined ? {} : { ca }) })
    const healthy = findings.every((finding) => finding.outcome !== 'fail')
    terminal.out(
      values['json'] === true
        ? JSON.stringify({ issuer, healthy, findings, unseen }, null, 2)
        : report(findings),
    )
    return healthy ? 0 : 1
  } catch (error) {
    terminal.err(error instanceof Failure ? error.message : `The look failed: ${explain(error)}.`)
    return error instanceof Failure ? error.exitCode : 1
  }
}

type Values = Readonly<Record<string, string | boolean | undefined>>

function readOptions(argv: readonly string[]): {
  readonly issuer: string | undefined
  readonly values: Values
} {
  const types = Object.fromEntries(
    Object.entries(options).map(([name, { type }]) => [name, { type }]),
  )
  try {
    const parsed = parseArgs({ args: [...argv], options: types, allowPositionals: true })
    if (parsed.positionals.length > 1) throw new Error('One issuer at a time')
    return { issuer: parsed.positionals[0], values: parsed.values as Values }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw misuse(`${message.split('. ')[0] ?? message}; see npm run doctor -- --help.`)
  }
}

async function findCa(issuer: string, values: Values, cwd: string): Promise<string | undefined> {
  if (typeof values['ca'] === 'string') return readCa(values['ca'], cwd)
  const state = typeof values['state'] === 'string' ? values['state'] : defaultState
  return localCa(issuer, path.resolve(cwd, state))
}

const marks: Readonly<Record<Finding['outcome'], string>> = {
  pass: '✓',
  fail: '✗',
  warn: '!',
  skip: '–',
}

/** One line for each finding, a remedy under what is not well, and what stays unseen. */
export function report(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ outcome, says, remedy }) => [
    `${marks[outcome]} ${printable(says)}`,
    ...(remedy === undefined ? [] : [`    ${remedy}`]),
  ])
  const count = (outcome: Finding['outcome']) =>
    findings.filter((finding) => finding.outcome === outcome).length
  return [
    ...lines,
    '',
    'Cannot be seen from outside:',
    ...unseen.map((one) => `  ${one}`),
    '',
    `${count('pass')} well, ${count('fail')} wrong, ${count('warn')} doubtful, ${count('skip')} not applicable`,
  ].join('\n')
}

/** What a server says must not steer the terminal. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '?')

if (import.meta.main) {
  process.exitCode = await runDoctor(process.argv.slice(2), processTerminal())
}
