/**
 * Remembers a value as the newest of at most `most`; the oldest is forgotten. What isolates keep in
 * memory is bounded this way, whoever sends the names.
 */
export function remember<T>(map: Map<string, T>, most: number, name: string, value: T): void {
  map.delete(name)
  const [oldest] = map.keys()
  if (map.size >= most && oldest !== undefined) map.delete(oldest)
  map.set(name, value)
}
