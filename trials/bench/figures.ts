/** Arithmetic of the bench: what many measurements come to. */

/** The middle of a list; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which the share `q` of a list lies, between neighbours in proportion. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return NaN
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? NaN
  const high = sorted[Math.ceil(at)] ?? NaN
  return low + (high - low) * (at - Math.floor(at))
}

/** What rounds came to: the median, the least and the most. */
export type Spread = { readonly median: number; readonly least: number; readonly most: number }

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  least: values.length === 0 ? NaN : Math.min(...values),
  most: values.length === 0 ? NaN : Math.max(...values),
})

/**
 * How much a value grows over points, as a ratio of its straight line's end to its beginning; 1 is no
 * growth. Least squares, so that one noisy point does not decide.
 */
export function growthOf(points: readonly (readonly [x: number, y: number])[]): number {
  const count = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / count
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = variance === 0 ? 0 : covariance / variance
  const xs = points.map(([x]) => x)
  const at = (x: number) => meanY + slope * (x - meanX)
  return at(Math.max(...xs)) / at(Math.min(...xs))
}
