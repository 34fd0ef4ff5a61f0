import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import type { DepthFigures } from './measure-depth.ts'
import type { FlowFigures } from './measure-flow.ts'
import type { GrowthFigures } from './measure-growth.ts'
import type { TokenFigures } from './measure-tokens.ts'
import type { WeightFigures } from './measure-weight.ts'

/** All that was measured; a part that was not is absent. */
export type Results = {
  readonly about: About
  readonly tokens?: TokenFigures
  readonly flow?: FlowFigures
  readonly depth?: DepthFigures
  readonly growth?: GrowthFigures
  readonly weight?: WeightFigures
}

/** On what, with what and when. */
export type About = {
  readonly date: string
  readonly machine: string
  readonly versions: Readonly<Record<string, string>>
  readonly commit: string
}

export const parts = ['tokens', 'flow', 'depth', 'growth', 'weight'] as const
export type Part = (typeof parts)[number]

const root = join(import.meta.dirname, '../..')

export function describeRun(now: Date): About {
  const [first] = cpus()
  const gibibytes = Math.round(totalmem() / 1024 ** 3)
  const versionOf = (name: string) =>
    (
      JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as {
        version: string
      }
    ).version
  return {
    date: now.toISOString().slice(0, 10),
    machine: `${cpus().length} × ${first?.model.trim() ?? 'unknown'}, ${gibibytes} GiB, ${process.platform}`,
    versions: {
      node: process.versions.node,
      workerd: versionOf('workerd'),
      miniflare: versionOf('miniflare'),
      wrangler: versionOf('wrangler'),
      'oidc-provider': versionOf('oidc-provider'),
    },
    commit: git(['rev-parse', '--short', 'HEAD']),
  }
}

/** Without a repository (a download) there is no commit to name. */
function git(args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}
