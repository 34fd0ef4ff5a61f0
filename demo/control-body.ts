import { isJson } from './json.ts'
import type { Json } from './json.ts'
import { noControl } from './worker/control-values.ts'
import type { CallFault, Control } from './worker/control-values.ts'

type Limits<Name extends string> = Readonly<Record<Name, readonly [number, number]>>

/** Reads numbers within their limits from the body of a control request, or says what is wrong with it. */
export function readNumbers<Name extends string>(
  body: Json,
  limits: Limits<Name>,
  required: boolean,
): Partial<Record<Name, number>> | string {
  const strange = Object.keys(body).find((name) => !Object.hasOwn(limits, name))
  if (strange !== undefined) return `unknown member '${strange}'`
  const read: Partial<Record<Name, number>> = {}
  for (const [name, [least, most]] of Object.entries(limits) as [
    Name,
    readonly [number, number],
  ][]) {
    const value = body[name]
    if (value === undefined && !required) continue
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      return `${name} must be a number from ${least} to ${most}`
    }
    read[name] = value
  }
  return read
}

const callName = /^[A-Z][A-Za-z]*\.[A-Za-z]+$/

/** Reads what is to fail from now on: what is left out is switched off. Or says what is wrong with it. */
export function readFaults({ calls = {}, ...body }: Json): Omit<Control, 'offset_s'> | string {
  const { offset_s: _clock, ...none } = noControl
  const limits = {
    storage_delay_ms: [0, 60_000],
    fail_rate: [0, 1],
    kv_stale_s: [0, 1e6],
  } as const
  const read = readNumbers(body, limits, false)
  if (typeof read === 'string') return read
  if (!isJson(calls)) return 'calls must be an object'
  const faults: Record<string, CallFault> = {}
  for (const [name, value] of Object.entries(calls)) {
    if (!callName.test(name)) return `'${name}' is not the name of a call, as in 'Grant.redeem'`
    const fault = isJson(value) ? readCallFault(value) : 'it must be an object'
    if (typeof fault === 'string') return `${name}: ${fault}`
    faults[name] = fault
  }
  return { ...none, ...read, calls: faults }
}

function readCallFault({ fail, ...body }: Json): CallFault | string {
  const read = readNumbers(body, { rate: [0, 1], delay_ms: [0, 60_000] }, false)
  if (typeof read === 'string') return read
  const fault = { rate: 1, delay_ms: 0, ...read }
  if (fail === undefined) return fault
  if (fail !== 'before' && fail !== 'after') return "fail must be 'before' or 'after'"
  return { fail, ...fault }
}
