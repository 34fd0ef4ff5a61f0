/** JWTs, and everything long and mixed enough to be a token, code, key or reference. */
const secretLike = /eyJ[\w-]+\.[\w-]*\.[\w-]*|(?=[\w-]*[A-Z0-9])[\w-]{22,}/g

/** Text that scenarios made of what servers said: without what could be a secret, on one line. */
export function redact(text: string, secrets: readonly string[]): string {
  return tidy(text, secrets).replace(secretLike, '…').slice(0, 300)
}

/** Text that scenarios wrote themselves, on one line. */
export function tidy(text: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret.length >= 4)
  return known
    .reduce((left, secret) => left.replaceAll(secret, '…'), text)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .slice(0, 300)
}
