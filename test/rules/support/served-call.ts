import type { Call, Side } from '../../../src/call.ts'
import { Storage } from '../../../src/observe/storage.ts'
import type { Stubs } from '../../../src/objects/stubs.ts'
import type { Issuer } from '../../../src/types.ts'
import { makeCall } from './call.ts'

/** Methods of one object, as its caller sees them: what they answer, for free. */
type Methods = Readonly<Record<string, ((...given: never[]) => unknown) | undefined>>

/** Which object a stub stands for: the name of the stub and what it was named by, e.g. `client app`. */
export type Objects = (name: string) => Methods | undefined

export type ServedCall = {
  readonly call: Call
  /** Each call of an object: the object, the method and what was given. */
  readonly asked: string[]
  /** Keys that were read in KV. */
  readonly read: string[]
  /** Records of the audit stream, without what every record has. */
  readonly logged: { readonly event: string; readonly [field: string]: unknown }[]
  readonly waiting: Promise<unknown>[]
  /** What was said to be known of the request. */
  readonly about: object[]
  /** The addresses that were fetched. */
  readonly fetched: string[]
}

/**
 * A call whose objects, KV copies and outbound answers are given: rules that ask them can be judged alone.
 * An object that is not given answers nobody.
 */
export function makeServedCall(
  given: {
    readonly issuer?: Issuer
    readonly now?: number
    readonly side?: Side
    readonly request?: Request
    readonly cf?: unknown
    readonly objects?: Objects
    readonly copies?: Readonly<Record<string, unknown>>
    readonly fetch?: (address: string) => Response | Promise<Response>
    readonly outboundAllowed?: (origin: string) => boolean
  } = {},
): ServedCall {
  const asked: string[] = []
  const read: string[] = []
  const fetched: string[] = []
  const logged: ServedCall['logged'] = []
  const waiting: Promise<unknown>[] = []
  const about: ServedCall['about'] = []
  const base = makeCall({
    ...(given.issuer === undefined ? {} : { issuer: given.issuer }),
    ...(given.now === undefined ? {} : { now: given.now }),
  })
  const request = given.request ?? base.request
  const call: Call = {
    ...base,
    id: 'request-1',
    side: given.side ?? 'main',
    path: '/',
    request: given.cf === undefined ? request : Object.assign(request, { cf: given.cf }),
    env: { COPIES: copiesOf(given.copies ?? {}, read) } as unknown as Call['env'],
    storage: new Storage(),
    stubs: stubsOf(given.objects ?? (() => undefined), asked),
    runtime: {
      now: () => base.now,
      fetch: async (address) => {
        fetched.push(String(address))
        if (given.fetch === undefined) throw new Error('nobody answers')
        return given.fetch(String(address))
      },
      storage: {},
      outboundAllowed: given.outboundAllowed ?? (() => false),
      finish: (response) => response,
    },
    log: (event, fields) => {
      logged.push({ event, ...fields })
    },
    about: (known) => {
      about.push(known)
    },
    closeLog: () => undefined,
    waitUntil: (work) => {
      waiting.push(work)
    },
  }
  return { call, asked, read, logged, waiting, about, fetched }
}

/** The same isolate some milliseconds later: what it remembers is still there. */
export const later = (served: ServedCall, milliseconds: number): Call => ({
  ...served.call,
  now: served.call.now + milliseconds,
})

const copiesOf = (copies: Readonly<Record<string, unknown>>, read: string[]) => ({
  get: async (key: string) => {
    read.push(key)
    return copies[key] ?? null
  },
})

/** Each stub is named by what it is asked for, e.g. `clientShard app 4 2`. */
function stubsOf(objects: Objects, asked: string[]): Stubs {
  const stub = (name: string) =>
    new Proxy(
      { id: { toString: () => `id of ${name}` } },
      {
        get: (target, method: string) =>
          method === 'id'
            ? target.id
            : method === 'then'
              ? undefined
              : async (...values: never[]) => {
                  asked.push(
                    [name, method, ...values.map((value) => JSON.stringify(value))].join(' '),
                  )
                  const answer = objects(name)?.[method]
                  if (answer === undefined) throw new Error(`${name} does not answer ${method}`)
                  return { value: await answer(...values), rows: 0 }
                },
      },
    )
  return new Proxy(
    {},
    {
      get:
        (_target, kind: string) =>
        (...names: unknown[]) =>
          stub([kind, ...names].join(' ')),
    },
  ) as Stubs
}
