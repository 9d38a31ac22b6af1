/**
 * Whole powers by repeated squaring: `Math.pow` may differ from engine to engine, and these reach every weight. There are two
 * orders of the products, which differ in the last bit of a float64. Neither is the better; each user stays with its own, so that
 * the same run gives the same weights as it did.
 */

/** base^exponent, the exponent's bits taken from the lowest. */
export function powerFromLowestBit(base: number, exponent: number): number {
  let result = 1
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) result *= square
  }
  return result
}

/** base^exponent, the exponent's bits taken from the highest. */
export function powerFromHighestBit(base: number, exponent: number): number {
  if (exponent === 0) return 1
  const half = powerFromHighestBit(base, Math.floor(exponent / 2))
  return exponent % 2 === 0 ? half * half : half * half * base
}
