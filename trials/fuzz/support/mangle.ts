import fc from 'fast-check'

/** Somewhere in whatever length there will be. */
const somewhere = fc.integer({ min: 0, max: 0xffffff })

type Edit = { readonly how: (typeof ways)[number]; readonly at: number; readonly octet: number }
const ways = ['flip', 'set', 'insert', 'drop', 'cut', 'repeat', 'lengthen'] as const

const edit: fc.Arbitrary<Edit> = fc.record({
  how: fc.constantFrom(...ways),
  at: somewhere,
  octet: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0x81, 0x82, 0xff), fc.nat({ max: 255 })),
})

const edits = fc.oneof(
  { weight: 4, arbitrary: edit.map((one) => [one]) },
  { weight: 1, arbitrary: fc.array(edit, { minLength: 2, maxLength: 4 }) },
)

/** Bytes that are almost right: flipped bits, lies about lengths, cut, repeated and grown. */
export const mangled = (sound: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(sound, edits).map(([bytes, all]) => all.reduce(applied, bytes))

function applied(bytes: Uint8Array, { how, at, octet }: Edit): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length
  const before = bytes.subarray(0, place)
  const old = bytes[place] ?? 0
  switch (how) {
    case 'flip':
      return join(before, [old ^ (1 << (octet % 8))], bytes.subarray(place + 1))
    case 'set':
      return join(before, [octet], bytes.subarray(place + 1))
    case 'lengthen':
      return join(before, [(old + (octet % 2 === 0 ? 1 : 255)) & 255], bytes.subarray(place + 1))
    case 'insert':
      return join(before, [octet], bytes.subarray(place))
    case 'drop':
      return join(before, bytes.subarray(place + 1 + (octet % 8)))
    case 'cut':
      return Uint8Array.from(before)
    case 'repeat':
      return join(before, bytes.subarray(place, place + 1 + (octet % 32)), bytes.subarray(place))
    default:
      return how satisfies never
  }
}

const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

const strays = [
  '', ' ', '\t', '\n', '\r', '\0', '"', "'", '\\', '/', '?', '#', '%', '%00', '%2f', '&', '=', '+', ',', ';', ':', '.', '..', '@', '-', '_',
  '~', '*', '<', '>', '[', ']', '{', '}', '0', '1', '9', 'a', 'A', 'z', 'é', 'ß', 'İ', 'ı', '\u212a', '\u00a0', '\u200b', '\ud800', '😀', '__proto__',
] // prettier-ignore

const textEdit = fc.record({
  how: fc.constantFrom('insert', 'replace', 'drop', 'cut', 'repeat', 'case'),
  at: somewhere,
  stray: fc.constantFrom(...strays),
})

/** A text that is almost right. */
export const mangledText = (sound: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(sound, fc.array(textEdit, { minLength: 1, maxLength: 3 })).map(([text, all]) =>
    all.reduce((now, { how, at, stray }) => {
      const place = now.length === 0 ? 0 : at % now.length
      const [before, after] = [now.slice(0, place), now.slice(place)]
      if (how === 'insert') return before + stray + after
      if (how === 'replace') return before + stray + after.slice(1)
      if (how === 'drop') return before + after.slice(1 + stray.length)
      if (how === 'cut') return before
      if (how === 'repeat') return before + after.slice(0, 8) + after
      const char = after.slice(0, 1)
      const other = char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()
      return before + other + after.slice(1)
    }, text),
  )

/** Any value JSON can hold, and how it is nested. */
export const anyJson = (maxDepth = 3): fc.Arbitrary<unknown> =>
  fc.oneof(fc.jsonValue({ maxDepth }), fc.constantFrom(null, true, 0, -1, 1e308, '', 'x', [], {}))

/** A record that is almost right: members changed, dropped, added, or put one level too deep. */
export const mangledRecord = (
  sound: Readonly<Record<string, unknown>>,
  values: fc.Arbitrary<unknown> = anyJson(),
): fc.Arbitrary<Readonly<Record<string, unknown>>> => {
  const names = [...Object.keys(sound), 'extra', '__proto__', 'constructor', 'toString']
  const change = fc.tuple(fc.constantFrom(...names), fc.option(values, { nil: undefined, freq: 4 }))
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const members = new Map(Object.entries(sound))
    for (const [name, value] of changes) {
      if (value === undefined) members.delete(name)
      else members.set(name, value)
    }
    return Object.fromEntries(members)
  })
}
