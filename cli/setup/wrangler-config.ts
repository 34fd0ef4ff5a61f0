import path from 'node:path'
import { record, records } from '../commands/command.ts'
import { Failure } from '../failure.ts'
import { exists, files } from './files.ts'
import { hostsOf, type Settings } from './settings.ts'

type RawConfig = Readonly<Record<string, unknown>>

/**
 * The configuration to deploy with: `wrangler.toml` as it is, plus what differs from deployment to
 * deployment, the hosts and the settings.
 *
 * A file of its own keeps the project's files untouched by deployments, so that an update of the
 * project never conflicts. JSON needs no quoting of JSON: SETTINGS is an object an operator can edit.
 */
export async function deploymentConfig(folder: string, settings: Settings): Promise<string> {
  const template = await readRaw(folder, files.template)
  const before = (await exists(folder, files.deployment))
    ? await readRaw(folder, files.deployment)
    : {}
  const config = {
    ...template,
    ...(before['account_id'] === undefined ? {} : { account_id: before['account_id'] }),
    kv_namespaces: keepIds(template['kv_namespaces'], before['kv_namespaces']),
    workers_dev: false,
    preview_urls: false,
    routes: hostsOf(settings).map((pattern) => ({ pattern, custom_domain: true })),
    vars: { ...record(template['vars']), SETTINGS: settings },
  }
  checkSize(settings)
  return `${heading}${JSON.stringify(config, null, 2)}\n`
}

const heading = `// How this deployment differs from wrangler.toml. Edit SETTINGS at will, then:
//   npm run setup -- --update                      checks it, and takes over changes of wrangler.toml
//   npx wrangler deploy -c ${files.deployment}
`

/** Wrangler writes the ids of what it made at the first deploy into the file it deployed with. */
const keepIds = (wanted: unknown, before: unknown): readonly RawConfig[] =>
  records(wanted).map((binding) => ({
    ...records(before).find((one) => one['binding'] === binding['binding']),
    ...binding,
  }))

/** The settings that stand in the deployment's configuration. */
export async function deployedSettings(folder: string): Promise<Settings> {
  const config = await readRaw(folder, files.deployment)
  const value = record(config['vars'])['SETTINGS']
  const issuers = record(value)['issuers']
  if (!Array.isArray(issuers)) {
    throw new Failure(`${files.deployment} has no vars.SETTINGS with issuers.`)
  }
  return { ...record(value), issuers: issuers.map(record) }
}

/** Wrangler's own reader: TOML and JSON with comments, as the deployment will read it. */
async function readRaw(folder: string, file: string): Promise<RawConfig> {
  if (!(await exists(folder, file))) {
    throw new Failure(`There is no ${file} in ${folder}; run this in the project folder.`)
  }
  const wrangler = await import('wrangler')
  try {
    const config = path.resolve(folder, file)
    return record(wrangler.experimental_readRawConfig({ config }).rawConfig)
  } catch (error) {
    throw new Failure(`${file} cannot be read as wrangler configuration.`, { cause: error })
  }
}

/** Cloudflare's limit for one variable. */
const longestVariable = 5 * 1024

function checkSize(settings: Settings): void {
  const length = Buffer.byteLength(JSON.stringify(settings))
  if (length > longestVariable) {
    throw new Failure(
      `The settings are ${length} bytes long; a Worker variable holds ${longestVariable}.`,
    )
  }
}
