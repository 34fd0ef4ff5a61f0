import { createSelfSigned } from '../../../test/support/certificates.ts'
import type { RequestOptions } from '../../../test/support/wire-client.ts'
import { endpointAt } from '../../../test/support/wire-server.ts'
import { inBatches, prove, some } from '../common.ts'
import { allOf, answered, finding, refusedAs, told } from '../finding.ts'
import type { Finding } from '../finding.ts'
import { part } from '../scenario.ts'
import type { Part, Scenario } from '../scenario.ts'
import type { World } from '../world.ts'
import { places } from './clients.ts'

const noClient = ['401 invalid_client', '400 invalid_client'] as const
const evil = 'https://evil.example'

/** What an evil server gives as its issuer or endpoints, so that a client signs it as `aud`. */
function audiences({ server }: World): Readonly<Record<string, unknown>> {
  const { issuer } = server
  const at = (path: string, side: 'main' | 'mtls' = 'main') => endpointAt(server, path, side)
  const texts = {
    'the token endpoint': at('/token'),
    'PAR': at('/par'),
    'introspection': at('/introspect'),
    'revocation': at('/revoke'),
    'userinfo': at('/userinfo'),
    'the alias of the token endpoint': at('/token', 'mtls'),
    'the alias of PAR': at('/par', 'mtls'),
    'the origin of the aliases': server.mtls ?? `${issuer}:443`,
    'a slash more': `${issuer}/`,
    'a query': `${issuer}?x`,
    'a fragment': `${issuer}#x`,
    'a path below': `${issuer}/evil`,
    'small and large letters': issuer.toUpperCase(),
    'a space before': ` ${issuer}`,
    'two in one text': `${issuer} ${evil}`,
    'evil alone': evil,
    'evil with the issuer as user': `${evil}/${issuer}`,
    'an empty text': '',
  }
  return {
    ...texts,
    'the issuer in a list': [issuer],
    'issuer and evil': [issuer, evil],
    'evil and issuer': [evil, issuer],
    'issuer and token endpoint': [issuer, at('/token')],
    'issuer twice': [issuer, issuer],
    'a list in a list': [[issuer]],
    'an empty list': [],
    'an object': { 0: issuer },
    'a number': 1,
    'true': true,
    'null': null,
    'none': undefined,
  }
} // prettier-ignore

/** Every endpoint that takes assertions, on both its sides. */
const endpoints: readonly Part[] = places.flatMap(({ name, needs, client, ask, status }) =>
  (['main', 'mtls'] as const).map((side) =>
    part({
      what: side === 'main' ? `at ${name}` : `at the alias of ${name}`,
      needs: [...needs, ...(side === 'mtls' ? (['mtls'] as const) : [])],
      arrange: async (world) => ({ ...(await prove(world)), side }),
      twin: async (world, options) => answered(await ask(client(world), options), status),
      attack: async (world, options, attempt) => {
        await inBatches(some(world, Object.entries(audiences(world)), 14), ([what, aud]) =>
          attempt(`an aud of ${what}`, async () =>
            refusedAs(await ask(client(world), { ...options, claims: { aud } }), ...noClient),
          ),
        )
      },
      unharmed: async (world, options, check) => {
        await check('the client is proven with the issuer alone', async () =>
          answered(await ask(client(world), options), status),
        )
      },
    }),
  ),
)

/** An assertion that the client made out to the evil server is sent on as it is. */
const forwarded = part({
  what: 'an assertion that its client sent to the evil server',
  needs: ['credentials'],
  arrange: async (world) => ({ assertion: await world.web.assertion({ claims: { aud: evil } }) }),
  twin: async (world) => {
    const fields = { client_assertion: await world.web.assertion() }
    return answered((await world.web.par({ fields })).answer, 201)
  },
  attack: async (world, { assertion }, attempt) => {
    for (const { name, needs, client, ask } of places) {
      if (!needs.every(world.has)) continue
      await attempt(
        `at ${name}`,
        async () =>
        refusedAs(await ask(client(world), { fields: { client_assertion: assertion } }), ...noClient), // prettier-ignore
      )
    }
  },
  unharmed: async (world, _, check) => {
    await check('its jti is still free for the right server', () => jtiIsFree(world))
  },
})

/** A refused assertion uses nothing up: the same `jti` made out rightly is taken, once. */
async function jtiIsFree(world: World): Promise<Finding> {
  const jti = crypto.randomUUID()
  const push = async (claims: RequestOptions['claims']) =>
    (await world.web.par({ claims: { jti, ...claims } })).answer
  return allOf([
    refusedAs(await push({ aud: evil }), ...noClient),
    answered(await push({}), 201),
    refusedAs(await push({}), ...noClient),
  ])
}

export const injection: Scenario = {
  id: 'ATK-A1a-02',
  title: 'have a client sign an assertion that also suits the honest server',
  clauses: ['FAPI2 SP 5.3.2.1-8', 'RFC 7523 3', 'RFC 9700 4.4'],
  needs: ['assertions'],
  parts: [forwarded, ...endpoints],
}

/** Another authority certifies the subject of an honest client. */
export const rogueCertificate: Scenario = {
  id: 'ATK-A2-03',
  title: 'pose as a client with a certificate that somebody else issued to its name',
  clauses: ['RFC 8705 2.1', 'RFC 8705 7.3'],
  needs: ['mtls'],
  parts: [
    part({
      what: 'a certificate with the name of a client',
      arrange: async (world) => {
        const { credential } = world.certificateClient().fixture
        const { X509Certificate } = await import('node:crypto')
        const subject = new X509Certificate(credential?.cert ?? '').subject.split('\n').toReversed()
        const made = await Promise.all(
          [subject, subject.toReversed()].map((names) => createSelfSigned({ subject: names.join(',') })),
        )
        return made.map(({ pem, keyPem }) => ({ cert: pem, key: keyPem }))
      },
      twin: async (world) => answered((await world.certificateClient().par()).answer, 201),
      attack: async (world, rogues, attempt) => {
        for (const [index, credential] of rogues.entries()) {
          await attempt(`in ${index === 0 ? 'one order' : 'the other order'} of its parts`, async () =>
            refusedAs((await world.certificateClient().par({ credential })).answer, ...noClient),
          )
          await attempt(`with the certificate of the client told in a header (${index})`, async () => {
            const { cert = '' } = world.certificateClient().fixture.credential ?? {}
            const headers = [['client-cert', `:${Buffer.from(cert).toString('base64')}:`]] as const
            return refusedAs((await world.certificateClient().par({ credential, headers })).answer, ...noClient)
          })
        }
      },
      unharmed: async (world, _, check) => {
        await check('the client is known by its own', async () => {
          const { answer } = await world.certificateClient().par()
          return finding(answer.status === 201, told(answer))
        })
      },
    }),
  ],
} // prettier-ignore
