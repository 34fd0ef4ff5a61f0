import { growthOf } from './figures.ts'
import type { Results } from './results.ts'

/** What was promised of speed, and what was measured. */
export type Target = {
  readonly name: string
  readonly target: string
  readonly measured: string
  readonly met: boolean
}

/** CPU may differ so much between two measurements of the same. */
const noise = 1.1

/** Every target that was measured in this run. */
export function judge(results: Results): readonly Target[] {
  return [...tokenTargets(results), ...depthTargets(results), ...growthTargets(results)]
}

function tokenTargets({ tokens }: Results): readonly Target[] {
  if (tokens === undefined) return []
  const cpu = (name: keyof typeof tokens) => tokens[name].cpuPerThousand.median
  const gain = cpu('oidc-provider') / cpu('fapi-edge, memory')
  const over = cpu('fapi-edge, memory') / cpu('floor, memory')
  return [
    {
      name: 'tokens per CPU second, against oidc-provider',
      target: 'at least 2 ×',
      measured: `${gain.toFixed(2)} ×`,
      met: gain >= 2,
    },
    {
      name: 'CPU of a token, against the floor worker',
      target: 'at most 1.3 ×',
      measured: `${over.toFixed(2)} ×`,
      met: over <= 1.3,
    },
  ]
}

function depthTargets({ depth }: Results): readonly Target[] {
  const slow = depth?.find(({ delay }) => delay === 30)
  if (slow === undefined) return []
  return [
    {
      name: 'storage calls of a token that wait for each other',
      target: '1',
      measured: String(slow.depth),
      met: slow.depth === 1,
    },
    {
      name: 'p50 of a token when each storage call takes 30 ms more',
      target: 'below 45 ms',
      measured: `${slow.p50.toFixed(1)} ms`,
      met: slow.p50 < 45,
    },
  ]
}

function growthTargets({ growth, weight }: Results): readonly Target[] {
  const targets: Target[] = []
  if (growth !== undefined && growth.grants.length > 1) {
    const points = growth.grants.map(
      ({ grants, warm }) => [Math.log10(grants), warm.cpuPerThousand.median] as const,
    )
    const first = growth.grants[0]?.grants ?? 0
    const last = growth.grants.at(-1)?.grants ?? 0
    const ratio = growthOf(points)
    targets.push({
      name: `CPU of a refresh, from ${first} to ${last} grants`,
      target: `no growth (at most ${noise} ×)`,
      measured: `${ratio.toFixed(2)} ×`,
      met: ratio <= noise,
    })
  }
  if (weight !== undefined && weight.memory.length > 3) {
    const later = weight.memory.slice(Math.floor(weight.memory.length / 2))
    const ratio = growthOf(later.map(({ requests, mebibytes }) => [requests, mebibytes] as const))
    targets.push({
      name: 'memory, over the second half of the requests',
      target: `no growth (at most ${noise} ×)`,
      measured: `${ratio.toFixed(2)} ×`,
      met: ratio <= noise,
    })
  }
  return targets
}
