/** Milliseconds before the second and the third attempt. */
const pauses = [250, 1_000]

/**
 * Tries again what nobody waits for and what changes nothing when it is done twice. Throws what the last
 * attempt threw.
 *
 * @example call.waitUntil(insist(() => stub.withhold(input)))
 */
export async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (const pause of pauses) {
    try {
      return await attempt()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  return attempt()
}
