import { randomBytes } from 'node:crypto'
import type { Answer } from '../../../test/support/http.ts'
import { makeDpopKey, proof, secondsBy } from '../../../test/support/wire-keys.ts'
import type { ProofOptions } from '../../../test/support/wire-keys.ts'
import { nonceOf } from '../../../test/support/wire-server.ts'
import type { Capability } from '../capability.ts'
import { placeFor, present, prove, tokensSurvive } from '../common.ts'
import type { Connected } from '../common.ts'
import { allOf, answered, finding, refusedAs } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { capture, currentNonce, livingTokens, resend } from '../material.ts'
import { part } from '../scenario.ts'
import type { Note, Part, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

type Ask = (world: World, given: Connected, proofOptions?: ProofOptions) => Promise<Answer>

type Place = {
  readonly what: string
  readonly needs: readonly Capability[]
  readonly url: (world: World) => string
  readonly ask: Ask
}

/** Options that ask for a proof made as told; without options one is made as usual. */
const proven = ({ proving }: Connected, proofOptions?: ProofOptions) =>
  proofOptions === undefined ? proving : { ...proving, proofOptions }

/** Where proofs are taken, and how one is brought there. */
const places: readonly Place[] = [
  {
    what: 'PAR',
    needs: [],
    url: ({ web }) => web.url('/par'),
    ask: async (world, given, options) => (await world.web.par(proven(given, options))).answer,
  },
  {
    what: 'the token endpoint',
    needs: ['refresh'],
    url: ({ web }) => web.url('/token'),
    ask: async (world, given, options) =>
      (await world.web.refresh(given.tokens.refreshToken, proven(given, options))).answer,
  },
  {
    what: 'userinfo',
    needs: ['userinfo', 'openid'],
    url: ({ web }) => web.url('/userinfo'),
    ask: (world, given, options) => {
      const at = world.web.url('/userinfo')
      return present(world, given.tokens.accessToken, { ...proven(given, options), at })
    },
  },
  {
    what: 'the resource',
    needs: ['resource'],
    url: placeFor,
    ask: (world, given, options) =>
      present(world, given.tokens.accessToken, proven(given, options)),
  },
]

type Attack = (world: World, given: Connected, place: Place, attempt: Note) => Promise<void>
type Twin = (world: World, given: Connected, place: Place) => Promise<Finding>

const once: Twin = async (world, given, { ask }) => answered(await ask(world, given), 200, 201)

/** What is tried wherever proofs are taken, and `more` beside it. */
function everywhere(
  attack: Attack,
  { twin = once, more = [] }: { readonly twin?: Twin; readonly more?: readonly Part[] } = {},
): readonly [Part, ...Part[]] {
  const [first, ...rest] = places.map((place) =>
    part({
      what: `at ${place.what}`,
      needs: place.needs,
      arrange: livingTokens,
      twin: (world, given) => twin(world, given, place),
      attack: (world, given, attempt) => attack(world, given, place, attempt),
      unharmed: tokensSurvive,
    }),
  )
  if (first === undefined) throw new Error('no place takes proofs')
  return [first, ...rest, ...more]
}

const wanted = ['400 use_dpop_nonce', '401 use_dpop_nonce'] as const
const badProof = ['400 invalid_dpop_proof', '401 invalid_dpop_proof'] as const

/** Refused for its nonce, with a fresh one to go on with. */
function wantsNonce(answer: Answer): Finding {
  const fresh = answer.headers.get('dpop-nonce')
  const refused = refusedAs(answer, ...wanted)
  return allOf([refused, finding(fresh !== null, 'no DPoP-Nonce came with it')], refused.saw)
}

/** Nonces of two servers, each brought to the other. */
const foreignNonces = part({
  what: 'a nonce of another server',
  needs: ['resource', 'operator'],
  arrange: livingTokens,
  twin: async (world, { tokens, proving }) =>
    answered(await present(world, tokens.accessToken, proving), 200),
  attack: async (world, { tokens, proving }, attempt) => {
    const ours = await nonceOf(world.web.url('/par'), world.server)
    const theirs = await nonceOf(placeFor(world), world.server)
    await attempt(
      'of the authorization server at the resource',
      async () =>
      wantsNonce(await present(world, tokens.accessToken, { ...proving, proofOptions: { nonce: ours } })), // prettier-ignore
    )
    await attempt('of the resource at the authorization server', async () =>
      wantsNonce((await world.web.par({ ...proving, proofOptions: { nonce: theirs } })).answer),
    )
  },
  unharmed: tokensSurvive,
})

/** A stock of proofs, made while somebody could use the key for a moment. */
async function stock(world: World) {
  const key = await makeDpopKey()
  const url = world.web.url('/par')
  const { nonce } = await currentNonce(world)
  const now = secondsBy(world.clock)
  const proofs = await Promise.all(
    [0, 180, 361, 3_600].map((later) =>
      proof(key, url, { nonce, clock: world.clock, claims: { iat: now + later } }),
    ),
  )
  return { key, proofs }
}

const stocked = part({
  what: 'a stock of proofs, used later',
  needs: ['clock', 'nonces'],
  arrange: stock,
  twin: async (world, { proofs }) =>
    answered((await world.web.par({ proof: proofs[0] ?? '' })).answer, 201),
  attack: async (world, { proofs }, attempt) => {
    for (const seconds of [361, 3_600]) {
      for (const [index, one] of proofs.entries()) {
        await attempt(`proof ${index} after ${seconds} seconds`, async () => {
          await world.moveClock(seconds)
          return refusedAs((await world.web.par({ proof: one })).answer, ...wanted, ...badProof)
        })
      }
    }
  },
  unharmed: async (world, { key }, check) => {
    await check('its key proves with a new one', async () =>
      answered((await world.web.par({ key })).answer, 201),
    )
  },
})

const expired = part({
  what: 'a nonce that has expired',
  needs: ['clock'],
  arrange: async (world) => {
    const proving = await prove(world)
    const proofOptions = await currentNonce(world)
    return { proving, captured: await capture((via) => world.web.par({ ...proving, proofOptions, via })), proofOptions } // prettier-ignore
  },
  twin: async (_, { captured }) => answered(await resend(captured), 201),
  attack: async (world, { proving, proofOptions }, attempt) => {
    await attempt('six minutes later', async () => {
      await world.moveClock(361)
      return wantsNonce((await world.web.par({ ...proving, proofOptions })).answer)
    })
    await attempt('before it was made', async () => {
      await world.moveClock(-361)
      return wantsNonce((await world.web.par({ ...proving, proofOptions })).answer)
    })
  },
  unharmed: async (world, { proving, proofOptions }, check) => {
    await check('at its own time it is good', async () => {
      await world.moveClock(0)
      return answered((await world.web.par({ ...proving, proofOptions })).answer, 201)
    })
  },
})

const downgrade: Scenario = {
  id: 'ATK-A5-05',
  title: 'leave out the nonce, or bring another',
  clauses: ['RFC 9449 8', 'RFC 9449 9', 'DPOP-10'],
  needs: ['person', 'dpop', 'nonces'],
  parts: everywhere(
    async (world, given, { url, ask }, attempt) => {
      const nonce = (await nonceOf(url(world), world.server)) ?? ''
      const flipped = nonce.replace(/^./, (one) => (one === 'A' ? 'B' : 'A'))
      const wrong = {
      'none': undefined,
      'an empty one': '',
      'one that nobody made': randomBytes(32).toString('base64url'),
      'one with another first letter': flipped,
      'one with a letter more': `${nonce}A`,
      'one cut short': nonce.slice(0, -1),
    } // prettier-ignore
      for (const [what, one] of Object.entries(wrong)) {
        await attempt(what, async () => wantsNonce(await ask(world, given, { nonce: one })))
      }
      await attempt('none, after one was taken', async () => {
        await ask(world, given, { nonce })
        return wantsNonce(await ask(world, given, { nonce: undefined }))
      })
      await attempt('a number', async () =>
        refusedAs(await ask(world, given, { nonce, claims: { nonce: 7 } }), ...badProof, ...wanted),
      )
    },
    { more: [foreignNonces, expired] },
  ),
}

/** The nonce that a place hands out, for proofs that are to share it. */
async function nonceFor(world: World, { url }: Place): Promise<ProofOptions> {
  const nonce = await nonceOf(url(world), world.server)
  return nonce === undefined ? {} : { nonce }
}

const reuse: Scenario = {
  id: 'ATK-A5-06',
  title: 'use a jti again under the same nonce, where the nonce alone may be used again',
  clauses: ['RFC 9449 8', 'RFC 9449 11.1', 'DPOP-13'],
  needs: ['person', 'dpop'],
  parts: everywhere(
    async (world, given, place, attempt) => {
      const jti = randomBytes(16).toString('base64url')
      const options = await nonceFor(world, place)
      const iat = secondsBy(world.clock)
      await place.ask(world, given, { ...options, claims: { jti } })
      await attempt('in a proof that is otherwise the same', async () =>
        refusedAs(await place.ask(world, given, { ...options, claims: { jti } }), ...badProof),
      )
      await attempt('in a proof of another second', async () => {
        const claims = { jti, iat: iat - 1 }
        return refusedAs(await place.ask(world, given, { ...options, claims }), ...badProof)
      })
    },
    {
      twin: async (world, given, { ask, ...place }) => {
        const options = await nonceFor(world, { ask, ...place })
        const first = answered(await ask(world, given, options), 200, 201)
        return first.good ? answered(await ask(world, given, options), 200, 201) : first
      },
    },
  ),
}

const ahead: Scenario = {
  id: 'ATK-A5-08',
  title: 'make proofs now that are to be used later',
  clauses: ['RFC 9449 11.2', 'FAPI2 SP 5.3.2.1-13', 'DPOP-11'],
  needs: ['person', 'dpop'],
  parts: everywhere(
    async (world, given, { ask }, attempt) => {
      for (const seconds of [62, 120, 3_600, 86_400]) {
        await attempt(
          `iat ${seconds} seconds ahead`,
          async () =>
        refusedAs(await ask(world, given, { claims: { iat: secondsBy(world.clock) + seconds } }), ...badProof, ...wanted), // prettier-ignore
        )
      }
      await attempt('an iat without end', async () =>
        refusedAs(await ask(world, given, { claims: { iat: 1e300 } }), ...badProof),
      )
      await attempt(
        'an nbf an hour ahead',
        async () =>
      refusedAs(await ask(world, given, { claims: { nbf: secondsBy(world.clock) + 3_600 } }), ...badProof), // prettier-ignore
      )
    },
    { more: [stocked] },
  ),
}

/** A5-05, A5-06 and A5-08: nonces and times of proofs. */
export const nonces: readonly Scenario[] = [downgrade, reuse, ahead]
