import { isInnerList, parseDictionary, serializeDictionary } from 'structured-headers'

/** RFC 9530 5: the digests that are strong. Others in a field are passed over. */
const algorithms = { 'sha-256': 'SHA-256', 'sha-512': 'SHA-512' } as const

export type DigestAlgorithm = keyof typeof algorithms

/**
 * The value of `Content-Digest` for a content (RFC 9530 2).
 *
 * @example await contentDigest(utf8('{"hello": "world"}')) // 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
 */
export async function contentDigest(
  content: Uint8Array,
  algorithm: DigestAlgorithm = 'sha-256',
): Promise<string> {
  return serializeDictionary(new Map([[algorithm, [await hash(content, algorithm), new Map()]]]))
}

/** Whether a `Content-Digest` holds a digest known here, and all it holds of those are the content's. */
export async function matchesDigest(field: string, content: Uint8Array): Promise<boolean> {
  const digests = readDigests(field)
  if (digests === undefined || digests.length === 0) return false
  const same = await Promise.all(
    digests.map(async ([algorithm, claimed]) =>
      sameBytes(new Uint8Array(await hash(content, algorithm)), claimed),
    ),
  )
  return same.every((one) => one)
}

type Claimed = readonly [DigestAlgorithm, Uint8Array]

function readDigests(field: string): readonly Claimed[] | undefined {
  try {
    return [...parseDictionary(field)].flatMap(([name, member]): readonly Claimed[] => {
      if (!Object.hasOwn(algorithms, name)) return []
      const value = isInnerList(member) ? undefined : member[0]
      if (!(value instanceof ArrayBuffer)) throw new Error('not a byte sequence')
      return [[name as DigestAlgorithm, new Uint8Array(value)]]
    })
  } catch {
    return undefined
  }
}

const hash = (content: Uint8Array, algorithm: DigestAlgorithm): Promise<ArrayBuffer> =>
  crypto.subtle.digest(algorithms[algorithm], content as Uint8Array<ArrayBuffer>)

/** Digests are no secrets: an early end tells nothing. */
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])
