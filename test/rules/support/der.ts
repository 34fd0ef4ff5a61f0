/** DER written by hand: a value of any tag, with the fewest octets of length. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const content = Buffer.concat(parts)
  const { length } = content
  const octets = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff] // prettier-ignore
  return Uint8Array.from([tag, ...octets, ...content])
}

export const hex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
