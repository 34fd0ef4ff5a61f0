import type { Command, CommandOption } from './commands/command.ts'
import { commonOptions } from './parse.ts'

const start = 'npm run fapi --'

/** All commands, or those of one topic. */
export function overview(commands: readonly Command[], topic: string | undefined): string {
  const matching = commands.filter((one) => one.name.startsWith(`${topic} `))
  const listed = matching.length > 0 ? matching : commands
  const names = listed.map((one) => [one.name, ...one.args].join(' '))
  const width = Math.max(...names.map((name) => name.length))
  const lines = listed.map((one, at) => `  ${(names[at] ?? '').padEnd(width)}  ${one.summary}`)
  return [
    `Usage: ${start} COMMAND [options]`,
    '',
    'Speaks to the admin API of an issuer with an operator key; evidence verify needs neither.',
    '',
    ...lines,
    '',
    'Options of every command:',
    ...optionLines(commonOptions),
    '',
    'Examples:',
    `  ${start} ${listed[0]?.examples[0] ?? ''}`,
    `  ${start} ${listed[0]?.name ?? ''} --help`,
    '  npm run --silent fapi -- clients list --json | jq .    (--silent: only the JSON)',
  ].join('\n')
}

/** One command in full. */
export function commandHelp(command: Command): string {
  const own = optionLines(command.options)
  return [
    `Usage: ${start} ${[command.name, ...command.args].join(' ')} [options]`,
    '',
    command.summary,
    '',
    ...(own.length > 0 ? ['Options:', ...own, ''] : []),
    'Options of every command:',
    ...optionLines(commonOptions),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${start} ${example}`),
  ].join('\n')
}

/** Options as aligned lines; shared with the other commands' help. */
export function optionLines(options: Readonly<Record<string, CommandOption>>): readonly string[] {
  const named = Object.entries(options).map(([name, option]) => ({
    name: option.value === undefined ? `--${name}` : `--${name} ${option.value}`,
    help: option.help,
  }))
  const width = Math.max(0, ...named.map(({ name }) => name.length))
  return named.map(({ name, help }) => `  ${name.padEnd(width)}  ${help}`)
}
