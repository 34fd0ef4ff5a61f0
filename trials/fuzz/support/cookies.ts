/** RFC 6265 5.4 read by hand: the value of a cookie that occurs once and has the form of a handle. */
export function handleCookie(header: string, name: string): string | undefined {
  const found: string[] = []
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at >= 0 && part.slice(0, at).trimStart() === name) found.push(part.slice(at + 1).trimEnd())
  }
  const [value] = found
  const isHandle = value?.length === 87 && !/[^A-Za-z0-9_-]/.test(value)
  return found.length === 1 && isHandle ? value : undefined
}
