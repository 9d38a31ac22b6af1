/** What the values of settings may be; what is wrong is told, with what would be right. */
import { nearest } from '../options/known.js'

/** Reads a value from its text. Throws what must be, without the value. */
export type Parser<T> = (text: string) => T

const numberOf = (text: string): number => (text.trim() === '' ? NaN : Number(text))

export const whole =
  (least: number, most = Infinity): Parser<number> =>
  (text) => {
    const value = numberOf(text)
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const limit = value > Number.MAX_SAFE_INTEGER ? Math.min(most, Number.MAX_SAFE_INTEGER) : most
      throw new Error(`must be a whole number${limit === Infinity ? `, ${least} or more` : ` from ${least} to ${limit}`}.`)
    }
    return value
  }

export const positive: Parser<number> = (text) => {
  const value = numberOf(text)
  if (!(value > 0 && value < Infinity)) throw new Error('must be a positive number.')
  return value
}

export const number =
  (least: number, below = Infinity): Parser<number> =>
  (text) => {
    const value = numberOf(text)
    if (!(value >= least && value < below)) {
      throw new Error(`must be a number from ${least}${below === Infinity ? '' : ` to below ${below}`}.`)
    }
    return value
  }

/** One of a few names. */
export const oneOf =
  <T extends string>(names: readonly T[]): Parser<T> =>
  (text) => {
    const found = names.find((name) => name === text)
    if (found !== undefined) return found
    const meant = nearest(text, names)
    throw new Error(`must be one of ${names.join(', ')}.${meant ? ` Did you mean ${meant}?` : ''}`)
  }
