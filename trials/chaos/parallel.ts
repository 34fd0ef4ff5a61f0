/** Does something with each of a list, so many at a time. */
export async function inParallel<T>(
  list: readonly T[],
  most: number,
  each: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = list.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await each(item)
  }
  await Promise.all(Array.from({ length: Math.min(most, list.length) }, worker))
}
