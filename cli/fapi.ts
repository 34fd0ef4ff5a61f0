import { createAdminClient } from './admin-client.ts'
import { clientCommands } from './commands/clients.ts'
import type { Command } from './commands/command.ts'
import { evidenceCommands } from './commands/evidence.ts'
import { grantCommands } from './commands/grants.ts'
import { keyCommands } from './commands/keys.ts'
import { userCommands } from './commands/users.ts'
import { explain, Failure } from './failure.ts'
import { commandHelp, overview } from './help.ts'
import { findOperator } from './operator-key.ts'
import { parseCommandLine } from './parse.ts'
import { processTerminal, type Terminal } from './terminal.ts'

export const commands: readonly Command[] = [
  ...clientCommands,
  ...userCommands,
  ...grantCommands,
  ...evidenceCommands,
  ...keyCommands,
]

/**
 * Runs one command and gives its exit status: 0 done, 1 refused or failed, 2 typed wrongly.
 * Results go to standard output, everything else to standard error.
 *
 * @example process.exitCode = await runFapi(['clients', 'list'], { terminal })
 */
export async function runFapi(
  argv: readonly string[],
  world: { readonly terminal: Terminal; readonly connect?: typeof createAdminClient },
): Promise<number> {
  const { terminal, connect = createAdminClient } = world
  let json = argv.includes('--json')
  try {
    const line = parseCommandLine(argv, commands)
    if (line.kind === 'overview') {
      terminal.out(overview(commands, line.topic))
      return 0
    }
    if (line.kind === 'help') {
      terminal.out(commandHelp(line.command))
      return 0
    }
    json = line.common.json
    const result = await line.command.run({
      args: line.args,
      options: line.options,
      terminal,
      connect: async () => {
        const { warning, ...operator } = await findOperator(line.common, terminal.cwd)
        if (warning !== undefined) terminal.err(warning)
        return connect(operator)
      },
    })
    terminal.out(json ? JSON.stringify(result.json, null, 2) : result.text)
    return 0
  } catch (error) {
    if (!(error instanceof Failure)) {
      terminal.err(`The command failed: ${explain(error)}.`)
      return 1
    }
    terminal.err(error.message)
    if (json && error.answer !== undefined) terminal.out(JSON.stringify(error.answer, null, 2))
    return error.exitCode
  }
}

if (import.meta.main)
  process.exitCode = await runFapi(process.argv.slice(2), { terminal: processTerminal() })
