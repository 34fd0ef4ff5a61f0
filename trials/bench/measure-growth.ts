import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { benchClient, register, startContender } from './contenders.ts'
import type { Contender, Workshop } from './contenders.ts'
import { diskOf } from './disk.ts'
import type { Disk } from './disk.ts'
import { beginWalk, obtainCode, redeem, refreshFields } from './flow.ts'
import { drive, openSender } from './load.ts'
import { tokenRound } from './measure-tokens.ts'
import { browserOver, invite } from './people.ts'
import type { Browser } from '../../test/support/browser.ts'
import { currentNonce, postOf, tokenRequest, tokensOf } from './requests.ts'
import { alternate, measure } from './rounds.ts'
import type { Round, Rounds } from './rounds.ts'
import { seedClients, seedProofs } from './seed.ts'
import type { BenchClient } from './servers/served.ts'

export type GrowthFigures = {
  readonly inFlight: readonly (Round & { readonly inFlight: number })[]
  readonly grants: readonly GrantPoint[]
  readonly clients: readonly ClientPoint[]
  readonly proofs: readonly (Round & { readonly proofs: number })[]
}

/** With so many clients registered: some of them ask, one after the other. */
export type ClientPoint = {
  readonly clients: number
  /** First requests of an isolate that just started: copies come from KV. */
  readonly cold: Round
  readonly warm: Round
}

/** With so many grants stored. */
export type GrantPoint = {
  readonly grants: number
  /** Refreshes of grants that were used just before. */
  readonly warm: Rounds
  /** Refreshes of grants nobody used for a while: their objects are opened. */
  readonly cold: Round
  /** CPU seconds of a thousand new grants, from PAR to the first token. */
  readonly making: number
  readonly disk: Disk
}

export type GrowthSize = {
  readonly requests: number
  /** Of what is compared in alternating rounds. */
  readonly rounds: number
  readonly inFlight: readonly number[]
  readonly grants: readonly number[]
  readonly clients: readonly number[]
  readonly proofs: readonly number[]
}

export async function measureGrowth(workshop: Workshop, size: GrowthSize): Promise<GrowthFigures> {
  return {
    inFlight: await growInFlight(workshop, size),
    grants: await growGrants(workshop, size),
    clients: await growClients(workshop, size),
    proofs: await growProofs(workshop, size),
  }
}

async function growInFlight(workshop: Workshop, size: GrowthSize) {
  const contender = await startContender(workshop, 'fapi-edge, memory')
  try {
    await tokenRound(contender, { requests: size.requests * 2, inFlight: 16 })
    const points: (Round & { readonly inFlight: number })[] = []
    for (const inFlight of size.inFlight) {
      points.push({
        inFlight,
        ...(await tokenRound(contender, { requests: size.requests, inFlight })),
      })
    }
    return points
  } finally {
    await contender.stop()
  }
}

const people = 16

/** A server with so many grants, each an object of its own, made as people make them. */
type Stocked = {
  readonly contender: Contender
  readonly state: string
  readonly tokens: readonly string[]
  readonly making: number
}

/**
 * Servers that differ in how many grants they hold. What refreshes cost there is compared in alternating
 * rounds: one server measured early and late would be compared with what else the machine did.
 */
async function growGrants(workshop: Workshop, size: GrowthSize): Promise<readonly GrantPoint[]> {
  const stocked: Stocked[] = []
  try {
    for (const grants of size.grants) stocked.push(await stock(workshop, grants))
    const of = new Map(stocked.map((one) => [String(one.tokens.length), one]))
    const newest = async (name: string) => {
      const { contender, tokens } = of.get(name) as Stocked
      const few = tokens.slice(-100)
      return refreshRound(contender, Array.from({ length: size.requests }, (_, at) => few[at % few.length] ?? '')) // prettier-ignore
    }
    const names = [...of.keys()]
    await alternate(names, 2, newest)
    const warm = await alternate(names, size.rounds, newest)
    const points: GrantPoint[] = []
    for (const [name, { contender, tokens, making, state }] of of) {
      const cold = await refreshRound(contender, spread(tokens.slice(0, -50), size.requests))
      const rounds = warm[name] as Rounds
      points.push({ grants: tokens.length, warm: rounds, cold, making, disk: diskOf(state) })
    }
    return points
  } finally {
    await Promise.all(stocked.map(({ contender }) => contender.stop()))
  }
}

async function stock(workshop: Workshop, grants: number): Promise<Stocked> {
  const state = mkdtempSync(join(workshop.fast, 'grants-'))
  const contender = await startContender(workshop, 'fapi-edge, memory', { state })
  try {
    const names = Array.from({ length: people }, (_, at) => `holder-${at}`)
    for (const name of names) await invite(contender, name)
    const browsers = names.map(() => browserOver(openSender(1)))
    const tokens: string[] = []
    const making = await makeGrants(contender, { browsers, names, tokens, wanted: grants })
    return { contender, state, tokens, making }
  } catch (error) {
    await contender.stop()
    throw error
  }
}

/** So many of the list at most, evenly from all of it. */
function spread(list: readonly string[], most: number): readonly string[] {
  const count = Math.min(most, list.length)
  return Array.from(
    { length: count },
    (_, at) => list[Math.floor((at * list.length) / count)] ?? '',
  )
}

async function makeGrants(
  contender: Contender,
  order: {
    readonly browsers: readonly Browser[]
    readonly names: readonly string[]
    readonly tokens: string[]
    readonly wanted: number
  },
): Promise<number> {
  const sender = openSender(people)
  const walk = await beginWalk(contender, sender)
  const idle = order.names.map((name, at) => ({ name, browser: order.browsers[at] }))
  const work = Array.from({ length: order.wanted }, () => async () => {
    const person = idle.pop()
    if (person?.browser === undefined) throw new Error('more in flight than people')
    order.tokens.push(await redeem(walk, await obtainCode(walk, person.browser, person.name)))
    idle.push(person)
  })
  const { cpuPerThousand } = await measure(contender.pid, work, 8)
  sender.close()
  return cpuPerThousand
}

async function refreshRound(contender: Contender, tokens: readonly string[]): Promise<Round> {
  const sender = openSender(16)
  const nonce = await currentNonce(contender.party, sender)
  const work = tokens.map((token) => {
    const request = postOf(contender.party, '/token', refreshFields(token), nonce)
    return async () => void tokensOf(await sender.send(request))
  })
  return measure(contender.pid, work, 16).finally(() => sender.close())
}

/** Real clients that ask, among others that are only registered. */
async function growClients(workshop: Workshop, size: GrowthSize): Promise<readonly ClientPoint[]> {
  const state = mkdtempSync(join(workshop.fast, 'clients-'))
  const asking = Array.from({ length: 100 }, (_, at) => ({
    ...benchClient,
    clientId: `asks-${at}`,
  }))
  const points: ClientPoint[] = []
  let known = 0
  for (const clients of size.clients) {
    if (known > 0) seedClients(state, clients - known)
    const contender = await startContender(workshop, 'fapi-edge, memory', { state })
    try {
      const { admin } = contender
      if (known === 0 && admin) for (const one of asking) await register(admin, one)
      known = Math.max(clients, asking.length)
      const cold = await roundOfClients(contender, asking, asking.length)
      await roundOfClients(contender, asking, size.requests)
      points.push({
        clients: known,
        cold,
        warm: await roundOfClients(contender, asking, size.requests),
      })
    } finally {
      await contender.stop()
    }
  }
  return points
}

async function roundOfClients(
  contender: Contender,
  clients: readonly BenchClient[],
  requests: number,
): Promise<Round> {
  const sender = openSender(16)
  const nonce = await currentNonce(contender.party, sender)
  const work = Array.from({ length: requests }, (_, at) => {
    const client = clients[at % clients.length] ?? contender.party.client
    const request = tokenRequest({ ...contender.party, client }, nonce)
    return async () => void tokensOf(await sender.send(request))
  })
  return measure(contender.pid, work, 16).finally(() => sender.close())
}

/** Proofs in the window are rows of the guards: written into their files while workerd is down. */
async function growProofs(workshop: Workshop, size: GrowthSize) {
  const state = mkdtempSync(join(workshop.fast, 'proofs-'))
  const points: (Round & { readonly proofs: number })[] = []
  let seeded = 0
  for (const proofs of size.proofs) {
    if (proofs > seeded) seedProofs(state, proofs - seeded)
    seeded = Math.max(seeded, proofs)
    const contender = await startContender(workshop, 'fapi-edge, memory', { state })
    try {
      await touchGuards(contender)
      await tokenRound(contender, { requests: size.requests, inFlight: 16 })
      const round = await tokenRound(contender, { requests: size.requests, inFlight: 16 })
      points.push({ proofs, ...round })
    } finally {
      await contender.stop()
    }
  }
  return points
}

/** A nonce names one of four guards: some requests with nonces of their own meet all of them. */
async function touchGuards({ party }: Contender): Promise<void> {
  const sender = openSender(1)
  const ask = async () => {
    const nonce = await currentNonce(party, sender)
    tokensOf(
      await sender.send(postOf(party, '/token', { grant_type: 'client_credentials' }, nonce)),
    )
  }
  await drive(
    Array.from({ length: 40 }, () => ask),
    1,
  )
  sender.close()
}
