/**
 * The one text of an address, so that texts can be compared: dotted decimal, or RFC 5952. An IPv4
 * address inside an IPv6 one stays IPv6, as its octets in a certificate differ.
 *
 * @example canonicalAddress('2001:DB8:0::1') === '2001:db8::1'
 */
export function canonicalAddress(text: string): string | undefined {
  if (/^(?:0|[1-9][0-9]{0,2})(?:\.(?:0|[1-9][0-9]{0,2})){3}$/.test(text)) {
    return text.split('.').every((part) => Number(part) <= 255) ? text : undefined
  }
  if (text.length > 45 || !/^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text)) return undefined
  const url = `http://[${text}]/`
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined
}

/** RFC 5280 4.2.1.6: four octets, or sixteen. */
export function addressFromOctets(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) return undefined
  const groups = Array.from({ length: 8 }, (_, index) => {
    const [high = 0, low = 0] = octets.subarray(2 * index)
    return ((high << 8) | low).toString(16)
  })
  return canonicalAddress(groups.join(':'))
}
