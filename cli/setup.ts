import { parseArgs } from 'node:util'
import { explain, Failure, misuse } from './failure.ts'
import { optionLines } from './help.ts'
import type { CommandOption } from './commands/command.ts'
import { exists, files, readText, writeFile, type NewFile } from './setup/files.ts'
import { makeOperator, type NewOperator } from './setup/operator.ts'
import { askDeployment, readChange, type Answers } from './setup/questions.ts'
import { newSecret, rotateSecret } from './setup/secret.ts'
import { changeSettings, newSettings, type Settings } from './setup/settings.ts'
import { nextSteps, rotationSteps } from './setup/steps.ts'
import { checkSettings as checkWithWorker, type CheckSettings } from './setup/worker.ts'
import { deployedSettings, deploymentConfig } from './setup/wrangler-config.ts'
import { processTerminal, type Terminal } from './terminal.ts'

const options: Readonly<Record<string, CommandOption>> = {
  issuer: { type: 'string', value: 'URL', help: 'The issuer, such as https://auth.bank.example.' },
  'mtls-host': { type: 'string', value: 'HOST', help: "Host for mutual TLS, or 'none'." },
  operator: { type: 'string', value: 'NAME', help: 'Who may administer (default admin).' },
  id: { type: 'string', value: 'ID', help: 'Unchanging short id of the issuer (default main).' },
  yes: { type: 'boolean', help: 'Ask nothing; what is not given takes its default.' },
  update: { type: 'boolean', help: 'Keep all keys; check and write the configuration again.' },
  force: { type: 'boolean', help: 'Make new keys; what is there is kept under another name.' },
  'rotate-secret': { type: 'boolean', help: 'Put a new master secret in front of the list.' },
  'secret-file': { type: 'string', value: 'FILE', help: `Secret list (default ${files.secret}).` },
  help: { type: 'boolean', help: 'Explain.' },
}

const help = [
  'Usage: npm run setup -- [options]',
  '',
  'Prepares a deployment: makes the master secret and an operator key, both in files that only you',
  'can read, and writes the configuration to deploy with. It deploys nothing.',
  '',
  ...optionLines(options),
  '',
  'Examples:',
  '  npm run setup',
  '  npm run setup -- --yes --issuer https://auth.bank.example --mtls-host auth-mtls.bank.example',
  '  npm run setup -- --update --mtls-host none',
  '  npm run setup -- --update --operator ann    (another operator, or a new key for one)',
  '  npm run setup -- --rotate-secret',
].join('\n')

type World = {
  readonly terminal: Terminal
  readonly now?: () => Date
  readonly checkSettings?: CheckSettings
}

/** Runs set-up and gives its exit status: 0 done, 1 refused or failed, 2 typed wrongly. */
export async function runSetup(argv: readonly string[], world: World): Promise<number> {
  const { terminal } = world
  try {
    const answers = readOptions(argv)
    if (answers['help'] === true) terminal.out(help)
    else if (answers['rotate-secret'] === true) await rotate(answers, world)
    else if (answers['update'] === true) await update(answers, world)
    else await prepare(answers, world)
    return 0
  } catch (error) {
    terminal.err(error instanceof Failure ? error.message : `Set-up failed: ${explain(error)}.`)
    return error instanceof Failure ? error.exitCode : 1
  }
}

function readOptions(argv: readonly string[]): Answers {
  const types = Object.fromEntries(
    Object.entries(options).map(([name, { type }]) => [name, { type }]),
  )
  try {
    return parseArgs({ args: [...argv], options: types, strict: true }).values as Answers
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw misuse(`${message.split('. ')[0] ?? message}; see npm run setup -- --help.`)
  }
}

/** A new deployment: new keys, new configuration. */
async function prepare(answers: Answers, world: World): Promise<void> {
  const { terminal } = world
  await refuseToOverwrite([files.secret, files.operator, files.deployment], answers, terminal.cwd)
  const deployment = await askDeployment(answers, terminal)
  const operator = await makeOperator(deployment.operator)
  const settings = newSettings(deployment, operator)
  const configuration = await checkedConfiguration(settings, world)
  await write(
    [
      { file: files.secret, content: `${newSecret()}\n`, private: true },
      operatorFile(operator, deployment.issuer),
      configuration,
    ],
    world,
  )
  terminal.out(`\n${nextSteps(deployment)}`)
  if (answers['force'] === true) {
    terminal.out(
      '\nThis secret is for a deployment that has never run: one that has still needs its earlier secret (npm run setup -- --rotate-secret keeps both).',
    )
  }
}

/** The same deployment with other hosts, another operator or a newer `wrangler.toml`. */
async function update(answers: Answers, world: World): Promise<void> {
  const { terminal } = world
  const { operator: name } = answers
  const adding = typeof name === 'string'
  if (adding) await refuseToOverwrite([files.operator], answers, terminal.cwd)
  const operator = adding ? await makeOperator(name) : undefined
  const change = readChange(answers)
  const settings = changeSettings(await deployedSettings(terminal.cwd), change, operator)
  const configuration = await checkedConfiguration(settings, world)
  const issuer = settings.issuers[0]?.['issuer']
  const keyFile = operator === undefined ? [] : [operatorFile(operator, String(issuer))]
  await write([...keyFile, configuration], world)
  terminal.out(`\nDeploy it:\n  npx wrangler deploy -c ${files.deployment}`)
}

async function rotate(answers: Answers, world: World): Promise<void> {
  const named = answers['secret-file']
  const file = typeof named === 'string' ? named : files.secret
  const content = `${await rotateSecret(await readText(world.terminal.cwd, file))}\n`
  await write([{ file, content, private: true }], world)
  world.terminal.out(`\n${rotationSteps(file)}`)
}

async function refuseToOverwrite(
  names: readonly string[],
  answers: Answers,
  folder: string,
): Promise<void> {
  if (answers['force'] === true) return
  const there: string[] = []
  for (const name of names) if (await exists(folder, name)) there.push(name)
  if (there.length === 0) return
  throw new Failure(
    `${there.join(' and ')} ${there.length > 1 ? 'exist' : 'exists'} already: --update keeps all keys and writes the configuration again, --force makes new keys.`,
  )
}

async function checkedConfiguration(settings: Settings, world: World): Promise<NewFile> {
  const problem = await (world.checkSettings ?? checkWithWorker)(settings)
  if (problem !== undefined) throw new Failure(problem)
  const content = await deploymentConfig(world.terminal.cwd, settings)
  return { file: files.deployment, content, private: false }
}

const operatorFile = (operator: NewOperator, issuer: string): NewFile => ({
  file: files.operator,
  content: `${JSON.stringify({ issuer, client_id: operator.id, jwk: operator.jwk }, null, 2)}\n`,
  private: true,
})

async function write(next: readonly NewFile[], world: World): Promise<void> {
  const now = (world.now ?? (() => new Date()))()
  for (const one of next) {
    await writeFile(world.terminal.cwd, one, now)
    const note = one.private ? ' (private: only you can read it, never commit it)' : ''
    world.terminal.out(`Wrote ${one.file}${note}.`)
  }
}

if (import.meta.main) {
  process.exitCode = await runSetup(process.argv.slice(2), { terminal: processTerminal() })
}
