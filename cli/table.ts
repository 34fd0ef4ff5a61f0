/** Rows aligned in columns. An empty list says so in words. */
export function table(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  empty: string,
): string {
  if (rows.length === 0) return empty
  const cells = [columns, ...rows.map((row) => row.map(cell))]
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)))
  return cells
    .map((row) =>
      row
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** One value as text; control characters of stored names never reach the terminal. */
export function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
}

/** A time as the API gives it (seconds since the epoch, or already text) for people. */
export function time(value: unknown): string {
  if (typeof value !== 'number') return cell(value)
  return new Date(value * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
}
