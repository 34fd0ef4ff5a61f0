import { makeDpopKey } from '../../../test/support/wire-keys.ts'
import { connect, inBatches, obtainCode, prove, redeems } from '../common.ts'
import { answered, refusedAs } from '../finding.ts'
import { proofFor } from '../forge.ts'
import { capture, currentNonce, livingTokens, resend } from '../material.ts'
import { part } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { World } from '../world.ts'

const evil = 'https://evil.example'
const noClient = ['401 invalid_client', '400 invalid_client'] as const
const badProof = ['400 invalid_dpop_proof', '400 use_dpop_nonce'] as const
const spent = [...noClient, ...badProof, '400 invalid_grant'] as const

/** A token request kept from being sent. */
async function caughtRequest(world: World) {
  const obtained = await obtainCode(world)
  const proofOptions = await currentNonce(world)
  const { given, proving } = obtained
  const captured = await capture((via) => world.web.redeem(given, { ...proving, proofOptions, via })) // prettier-ignore
  return { ...obtained, captured }
}

const replayed: Scenario = {
  id: 'ATK-A4-01',
  title: 'replay a captured token request at the honest server',
  clauses: ['FAPI2 SP 6.4', 'RFC 7523 3', 'RFC 9449 11.1'],
  needs: ['person'],
  parts: [
    part({
      what: 'a token request that was answered before',
      arrange: caughtRequest,
      twin: async (_, { captured }) => answered(await resend(captured), 200),
      attack: async (world, { captured }, attempt) => {
        await resend(captured)
        await attempt('byte for byte', async () => refusedAs(await resend(captured), ...spent))
        await attempt('at PAR', async () =>
          refusedAs(await resend({ ...captured, url: world.web.url('/par') }), ...spent),
        )
      },
      unharmed: async (world, _, check) => {
        await check('the client gets another code redeemed', async () => {
          const { given, proving } = await obtainCode(world)
          return redeems(world.web, given, proving)
        })
      },
    }),
    part({
      what: 'a token request that its client sent to another server',
      needs: ['dpop', 'assertions'],
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given, proving }, attempt) => {
        const { key = await makeDpopKey() } = proving
        const proof = await proofFor(world, key, { url: world.web.url('/token'), claims: { htu: `${evil}/token` } }) // prettier-ignore
        const claims = { aud: evil }
        await attempt(
          'with all that was made out to it',
          async () =>
          refusedAs((await world.web.redeem(given, { proof, claims })).answer, ...noClient, ...badProof), // prettier-ignore
        )
        await attempt('where the assertion alone suits this server', async () =>
          refusedAs((await world.web.redeem(given, { proof })).answer, ...badProof),
        )
        await attempt('where the proof alone suits this server', async () =>
          refusedAs((await world.web.redeem(given, { key, claims })).answer, ...noClient),
        )
      },
      unharmed: async (world, { given, proving }, check) => {
        await check('the code still redeems for its owner', () =>
          redeems(world.web, given, proving),
        )
      },
    }),
  ],
}

/** Ways in which a client binds its code to a key (RFC 9449 10). */
async function boundCodes(world: World) {
  const key = await makeDpopKey()
  return {
    key,
    byParameter: await world.web.code({ fields: { dpop_jkt: key.jkt } }),
    byProof: await world.web.code({ key }),
  }
}

const substituted: Scenario = {
  id: 'ATK-A4-02',
  title: 'redeem a captured code with a key of the attacker',
  clauses: ['RFC 9449 10', 'RFC 6749 4.1.3'],
  needs: ['person', 'dpop'],
  parts: [
    part({
      what: 'a code that is bound to a key',
      arrange: boundCodes,
      twin: async (world, { key, byParameter, byProof }) => {
        const first = await redeems(world.web, byParameter, { key })
        return first.good ? redeems(world.web, byProof, { key }) : first
      },
      attack: async (world, { key, byParameter, byProof }, attempt) => {
        const other = await makeDpopKey()
        const refusals = ['400 invalid_grant', '400 invalid_dpop_proof', '400 invalid_request']
        const tries = { 'with another key': { key: other }, 'without a key': { key: null }, 'with the key in the header alone': { key: { ...other, publicJwk: key.publicJwk } } } // prettier-ignore
        for (const [name, code] of Object.entries({ 'bound by dpop_jkt': byParameter, 'bound by a proof': byProof })) {
          for (const [what, options] of Object.entries(tries)) {
            await attempt(`${name}, ${what}`, async () =>
              refusedAs((await world.web.redeem(code, options)).answer, ...refusals),
            )
          }
        } // prettier-ignore
      },
      unharmed: async (world, { key, byParameter, byProof }, check) => {
        await check('both redeem with their key', async () => {
          const first = await redeems(world.web, byParameter, { key })
          return first.good ? redeems(world.web, byProof, { key }) : first
        })
      },
    }),
    part({
      what: 'a code without the client',
      arrange: obtainCode,
      twin: (world, { given, proving }) => redeems(world.web, given, proving),
      attack: async (world, { given }, attempt) => {
        const { clientId } = world.web.fixture
        const tries = {
          'as nobody': { anonymous: true },
          'as a bare client_id': { anonymous: true, fields: { client_id: clientId } },
        }
        for (const [what, options] of Object.entries(tries)) {
          await attempt(what, async () => {
            const { answer } = await world.web.redeem(given, { ...(await prove(world)), ...options }) // prettier-ignore
            return refusedAs(answer, ...noClient, '400 invalid_request')
          })
        }
        await attempt(
          'as another client',
          async () =>
          refusedAs((await world.second.redeem(given, await prove(world))).answer, '400 invalid_grant'), // prettier-ignore
        )
      },
      unharmed: async (world, { given, proving }, check) => {
        await check('the code still redeems for its owner', () =>
          redeems(world.web, given, proving),
        )
      },
    }),
  ],
}

/** Addresses that an evil server gives to a client as its token endpoint. */
const foreign = (url: string): readonly string[] => {
  const { origin, pathname, port } = new URL(url)
  return [
    `${evil}${pathname}`, `${origin}.evil.example${pathname}`, `${origin}@evil.example${pathname}`,
    `${evil}/${url}`, `${evil}?${url}`, `${evil}#${url}`, origin, `${origin}${pathname}/..`,
    `${origin}${pathname}${pathname}`, `${origin}/par${pathname}`, `${url}%00`, `${url}%2f`,
    `${url};x`, url.replace(/^https?:/, ''), pathname, url.replace(port, `${port}1`),
  ] // prettier-ignore
}

const relayed: Scenario = {
  id: 'ATK-A4-03',
  title: 'relay a nonce of the honest server to get a fresh proof for another address',
  clauses: ['RFC 9449 4.3', 'DPOP-09'],
  needs: ['person', 'dpop', 'refresh'],
  parts: [
    part({
      what: 'a proof with a current nonce',
      arrange: livingTokens,
      twin: async (world, { tokens, proving }) =>
        answered((await world.web.refresh(tokens.refreshToken, proving)).answer, 200),
      attack: async (world, { tokens, proving }, attempt) => {
        await inBatches(foreign(world.web.url('/token')), (htu) =>
          attempt(`for ${htu}`, async () => {
            const proofOptions = { claims: { htu } }
            const { answer } = await world.web.refresh(tokens.refreshToken, { ...proving, proofOptions }) // prettier-ignore
            return refusedAs(answer, '400 invalid_dpop_proof')
          }),
        )
      },
      unharmed: async (world, _, check) => {
        await check('the client goes on', async () => answered((await connect(world)).tokens.answer, 200)) // prettier-ignore
      },
    }),
  ],
}

/** A4-01 to A4-03: whoever stands at the token endpoint. */
export const tokenEndpoint: readonly Scenario[] = [replayed, substituted, relayed]
