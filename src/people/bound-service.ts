import type { Call } from '../call.ts'

/** A binding that the settings name. Throws when the deployment lacks it. */
export function boundService(call: Call, name: string): object {
  const bindings = call.env as unknown as Readonly<Record<string, unknown>>
  const service = Object.hasOwn(bindings, name) ? bindings[name] : undefined
  if (typeof service === 'object' && service !== null) return service
  throw new Error(`the binding '${name}' is missing`)
}

/** `fetch` of a bound mTLS certificate: it presents that certificate to whom it calls. */
export function boundFetch(call: Call, name: string): typeof fetch {
  const service = boundService(call, name) as Fetcher
  return (...parameters) => service.fetch(...parameters)
}

/** What a bound Worker answers within so many milliseconds. Throws `late` after that. */
export async function inTime<T>(answer: Promise<T>, patience: number, late: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(late)), patience)
  })
  try {
    return await Promise.race([answer, over])
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}
