/** One CBOR value (RFC 8949) of the kinds authenticators send (CTAP 2.1, 8). */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array<ArrayBuffer>
  | readonly CborValue[]
  | ReadonlyMap<number | string, CborValue>

/** CTAP2 nests four levels at most; extensions may use all of them. */
const deepest = 4

type Read = { readonly value: CborValue; readonly end: number }

/**
 * Reads the CBOR value that begins at `from`, and says where it ends. Undefined for whatever CTAP2's
 * canonical form forbids: indefinite and padded lengths, tags, floats, numbers beyond 32 bits, a key twice.
 *
 * @example readCbor(Uint8Array.of(0xa1, 0x03, 0x26))?.value // Map { 3 => -7 }
 */
export function readCbor(bytes: Uint8Array, from = 0, depth = deepest): Read | undefined {
  const head = readHead(bytes, from)
  if (head === undefined || depth < 0) return undefined
  const { major, argument, end } = head
  switch (major) {
    case 0:
      return { value: argument, end }
    case 1:
      return { value: -1 - argument, end }
    case 2:
    case 3: {
      const content = bytes.slice(end, end + argument)
      if (content.length !== argument) return undefined
      const value = major === 2 ? content : readText(content)
      return value === undefined ? undefined : { value, end: end + argument }
    }
    case 4:
      return readList(bytes, { count: argument, end }, depth)
    case 5:
      return readMap(bytes, { count: argument, end }, depth)
    case 7:
      return readSimple(argument, end)
    default:
      return undefined
  }
}

type Head = { readonly major: number; readonly argument: number; readonly end: number }

function readHead(bytes: Uint8Array, at: number): Head | undefined {
  const [first] = bytes.subarray(at)
  if (first === undefined) return undefined
  const major = first >> 5
  const info = first & 0x1f
  if (info < 24) return { major, argument: info, end: at + 1 }
  // Simple values of one octet; floats and the rest have more.
  const width = { 24: 1, 25: 2, 26: 4 }[info]
  if (width === undefined || major === 7) return undefined
  const digits = bytes.subarray(at + 1, at + 1 + width)
  if (digits.length !== width) return undefined
  const argument = digits.reduce((sum, digit) => sum * 256 + digit, 0)
  const least = { 1: 24, 2: 0x100, 4: 0x10000 }[width] ?? 0
  return argument < least ? undefined : { major, argument, end: at + 1 + width }
}

type Items = { readonly count: number; readonly end: number }

function readList(bytes: Uint8Array, { count, end }: Items, depth: number): Read | undefined {
  const items: CborValue[] = []
  let at = end
  while (items.length < count) {
    const item = readCbor(bytes, at, depth - 1)
    if (item === undefined) return undefined
    items.push(item.value)
    at = item.end
  }
  return { value: items, end: at }
}

function readMap(bytes: Uint8Array, { count, end }: Items, depth: number): Read | undefined {
  const map = new Map<number | string, CborValue>()
  let at = end
  while (map.size < count) {
    const key = readCbor(bytes, at, 0)
    const item = key && readCbor(bytes, key.end, depth - 1)
    if (key === undefined || item === undefined) return undefined
    const name = key.value
    if ((typeof name !== 'number' && typeof name !== 'string') || map.has(name)) return undefined
    map.set(name, item.value)
    at = item.end
  }
  return { value: map, end: at }
}

function readSimple(argument: number, end: number): Read | undefined {
  const value = { 20: false, 21: true, 22: null }[argument]
  return value === undefined ? undefined : { value, end }
}

function readText(content: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    return undefined
  }
}
