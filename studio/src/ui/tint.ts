/** Colours for numbers. Blue and orange are told apart by nearly every eye, whatever it lacks. */

/** From nothing to full. @param share 0 to 1 */
export const sequential = (share: number): string => tint('--second', share)

/** Blue below zero, orange above, nothing at it. @param share −1 to 1 */
export const diverging = (share: number): string => tint(share < 0 ? '--first' : '--second', Math.abs(share))

function tint(variable: string, share: number): string {
  const percent = Math.round(Math.min(1, share) * 14) * 5
  return percent === 0 || Number.isNaN(percent) ? '' : `color-mix(in srgb, var(${variable}) ${percent}%, transparent)`
}
