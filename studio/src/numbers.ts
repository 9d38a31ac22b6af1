/** Numbers as people read them. */

export const whole = (n: number): string => Math.round(n).toLocaleString('en')

/** Three digits that count, without an exponent where that is readable. */
export function short(n: number): string {
  if (!Number.isFinite(n)) return String(n)
  const size = Math.abs(n)
  if (size === 0) return '0'
  if (size >= 1000) return whole(n)
  if (size < 0.0001) return n.toExponential(1)
  return String(Number(n.toPrecision(3)))
}

export function bytes(n: number): string {
  if (n < 1e6) return `${whole(n / 1e3)} KB`
  return n < 1e9 ? `${short(n / 1e6)} MB` : `${short(n / 1e9)} GB`
}
