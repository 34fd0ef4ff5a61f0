import { parseArgs } from 'node:util'
import { misuse } from './failure.ts'
import type { Command, CommandOption, OptionValue } from './commands/command.ts'

/** Options that every command takes. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  issuer: { type: 'string', value: 'URL', help: 'The issuer; by default the one of the key.' },
  state: { type: 'string', value: 'DIR', help: 'State folder of npm start (default .fapi-edge).' },
  key: { type: 'string', value: 'FILE', help: 'Operator key file, as npm run setup writes it.' },
  ca: { type: 'string', value: 'FILE', help: 'PEM of a CA to trust besides the public ones.' },
  json: { type: 'boolean', help: 'Print exactly the JSON.' },
  help: { type: 'boolean', help: 'Explain the command.' },
}

export type CommonOptions = {
  readonly issuer: string | undefined
  readonly state: string | undefined
  readonly key: string | undefined
  readonly ca: string | undefined
  readonly json: boolean
}

export type CommandLine =
  | { readonly kind: 'overview'; readonly topic: string | undefined }
  | { readonly kind: 'help'; readonly command: Command }
  | {
      readonly kind: 'command'
      readonly command: Command
      readonly args: readonly string[]
      readonly options: Readonly<Record<string, OptionValue>>
      readonly common: CommonOptions
    }

/** Reads the command line, or throws a misuse that says what is wrong with it. */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
): CommandLine {
  const allOptions = Object.assign({}, commonOptions, ...commands.map((one) => one.options))
  // Lenient first: options may stand before the command's words.
  const words = parse(argv, allOptions, false).positionals
  const name = words.slice(0, 2).join(' ')
  const command = commands.find((one) => one.name === name)
  const askedHelp = argv.includes('--help') || argv.includes('-h') || words[0] === 'help'
  if (command === undefined) {
    if (askedHelp)
      return helpAbout(
        words.filter((word) => word !== 'help'),
        commands,
      )
    throw misuse(unknownCommand(words, commands))
  }
  if (askedHelp) return { kind: 'help', command }
  const { positionals, values } = parse(argv, { ...commonOptions, ...command.options }, true)
  const args = positionals.slice(2)
  if (args.length !== command.args.length) {
    throw misuse(`Usage: npm run fapi -- ${[name, ...command.args].join(' ')}`)
  }
  return { kind: 'command', command, args, options: values, common: readCommon(values) }
}

function helpAbout(words: readonly string[], commands: readonly Command[]): CommandLine {
  const command = commands.find((one) => one.name === words.slice(0, 2).join(' '))
  return command === undefined ? { kind: 'overview', topic: words[0] } : { kind: 'help', command }
}

function unknownCommand(words: readonly string[], commands: readonly Command[]): string {
  if (words.length === 0) return 'Which command? See npm run fapi -- --help.'
  const topic = commands.filter((one) => one.name.startsWith(`${words[0]} `))
  if (topic.length === 0) return `There is no command '${words[0]}'; see npm run fapi -- --help.`
  const verbs = topic.map((one) => one.name.split(' ')[1]).join(', ')
  return `Usage: npm run fapi -- ${words[0]} COMMAND, with one of: ${verbs}.`
}

type Parsed = {
  readonly positionals: readonly string[]
  readonly values: Readonly<Record<string, OptionValue>>
}

function parse(
  argv: readonly string[],
  options: Readonly<Record<string, CommandOption>>,
  strict: boolean,
): Parsed {
  if (argv.some((word) => word === '--password' || word.startsWith('--password='))) {
    throw misuse(
      'A password is never an argument (others on this machine could read it): use the prompt or --password-stdin.',
    )
  }
  const types = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      name === 'help' ? { type: option.type, short: 'h' } : { type: option.type },
    ]),
  )
  try {
    const parsed = parseArgs({ args: [...argv], options: types, strict, allowPositionals: true })
    return { positionals: parsed.positionals, values: parsed.values as Parsed['values'] }
  } catch (error) {
    throw misuse(firstSentence(error))
  }
}

/** Node adds advice about `--` that does not fit behind `npm run`. */
const firstSentence = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error)
  return `${message.split(/\. |\n/)[0]?.replace(/\.$/, '')}; see --help.`
}

function readCommon(values: Parsed['values']): CommonOptions {
  const text = (name: string): string | undefined => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  return {
    issuer: text('issuer'),
    state: text('state'),
    key: text('key'),
    ca: text('ca'),
    json: values['json'] === true,
  }
}
