import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { startRuntime } from '../../test/support/local-runtime.ts'
import type { Runtime } from '../../test/support/local-runtime.ts'
import { publicOf } from './keys.ts'
import { benchClient, proofKey } from './contenders.ts'
import type { Workshop } from './contenders.ts'
import { quantile } from './figures.ts'
import { drive, openSender } from './load.ts'
import type { Sender } from './load.ts'
import { currentNonce, tokenRequest, tokensOf } from './requests.ts'

/** A token request when every storage call takes so many milliseconds more. */
export type DepthFigures = readonly {
  readonly delay: number
  readonly p50: number
  readonly p99: number
  /** Calls that waited for each other, as the server itself counted them. */
  readonly depth: number
}[]

const delays = [0, 30, 100] as const

/** The local runtime: only it can delay storage. Two in flight, so that nothing but the storage is waited for. */
export async function measureDepth(
  workshop: Workshop,
  size: { readonly requests: number },
): Promise<DepthFigures> {
  const client = {
    client_id: benchClient.clientId,
    client_name: 'Bench',
    redirect_uris: [benchClient.redirectUri],
    grant_types: ['client_credentials'],
    scope: 'accounts',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicOf(benchClient.jwk)] },
    dpop_bound_access_tokens: true,
  }
  const state = mkdtempSync(join(workshop.fast, 'depth-'))
  const runtime = await startRuntime({ config: { clients: [client] }, state, args: ['--no-demo'] })
  const sender = openSender(2)
  try {
    await delayedRequests(runtime, sender, { delay: 0, requests: 100 })
    const figures: DepthFigures[number][] = []
    for (const delay of delays) {
      figures.push(await delayedRequests(runtime, sender, { delay, requests: size.requests }))
    }
    return figures
  } finally {
    sender.close()
    await runtime.stop()
  }
}

async function delayedRequests(
  runtime: Runtime,
  sender: Sender,
  { delay, requests }: { readonly delay: number; readonly requests: number },
): Promise<DepthFigures[number]> {
  await control(runtime, { storage_delay_ms: delay })
  const party = { issuer: runtime.issuer, client: benchClient, dpop: proofKey }
  const nonce = await currentNonce(party, sender)
  const depths: number[] = []
  const work = Array.from({ length: requests }, () => {
    const request = tokenRequest(party, nonce)
    return async () => {
      const reply = await sender.send(request)
      tokensOf(reply)
      depths.push(Number(/depth=(\d+)/.exec(String(reply.headers['server-timing']))?.[1]))
    }
  })
  const { milliseconds } = await drive(work, 2)
  await control(runtime, { storage_delay_ms: 0 })
  const depth = quantile(depths, 0.5)
  return { delay, p50: quantile(milliseconds, 0.5), p99: quantile(milliseconds, 0.99), depth }
}

async function control(runtime: Runtime, faults: unknown): Promise<void> {
  const headers = {
    authorization: `Bearer ${runtime.controlToken}`,
    'content-type': 'application/json',
  }
  const body = JSON.stringify(faults)
  const answer = await fetch(`${runtime.control}/faults`, { method: 'POST', headers, body })
  if (!answer.ok) throw new Error(`the delay was refused: ${answer.status}`)
}
