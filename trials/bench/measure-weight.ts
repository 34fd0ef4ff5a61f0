import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { startContender, wrangler } from './contenders.ts'
import type { Workshop } from './contenders.ts'
import { tokenRound } from './measure-tokens.ts'
import { residentMiB } from './process-cost.ts'

export type WeightFigures = {
  /** KiB. */
  readonly bundle: number
  readonly compressed: number
  /** Milliseconds in which the Worker's start kept the CPU, garbage collection included. */
  readonly startup: number
  /** Resident memory of workerd, MiB, after so many requests. */
  readonly memory: readonly { readonly requests: number; readonly mebibytes: number }[]
}

export async function measureWeight(
  workshop: Workshop,
  size: { readonly requests: number; readonly step: number },
): Promise<WeightFigures> {
  const bundle = readFileSync(workshop.production)
  return {
    bundle: bundle.length / 1024,
    compressed: gzipSync(bundle).length / 1024,
    startup: startupOf(
      wrangler(['check', 'startup', '--outfile', join(workshop.folder, 'startup.cpuprofile')]),
    ),
    memory: await measureMemory(workshop, size),
  }
}

/** What `wrangler check startup` says was not idle. */
export function startupOf(output: string): number {
  const [, active] = /Active: ([\d.]+) ms/.exec(output) ?? []
  return Number(active ?? NaN)
}

async function measureMemory(
  workshop: Workshop,
  size: { readonly requests: number; readonly step: number },
): Promise<WeightFigures['memory']> {
  const contender = await startContender(workshop, 'fapi-edge, memory')
  const points = [{ requests: 0, mebibytes: residentMiB(contender.pid) }]
  try {
    for (let requests = 0; requests < size.requests; requests += size.step) {
      // In portions: what is signed beforehand must not be old when it is sent.
      for (let part = 0; part < size.step; part += size.step / 2) {
        await tokenRound(contender, { requests: size.step / 2, inFlight: 16 })
      }
      points.push({ requests: requests + size.step, mebibytes: residentMiB(contender.pid) })
    }
    return points
  } finally {
    await contender.stop()
  }
}
