/** What the values of options may be; what is wrong is told, with what would be right. */
import { InvalidArgumentError, Option } from 'commander'
import { nearest } from '../options/known.js'

type Parser<T> = (text: string) => T

const numberOf = (text: string): number => (text.trim() === '' ? NaN : Number(text))

export const whole =
  (least: number): Parser<number> =>
  (text) => {
    const value = numberOf(text)
    if (!Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`must be a whole number, ${least} or more.`)
    return value
  }

export const positive: Parser<number> = (text) => {
  const value = numberOf(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('must be a positive number.')
  return value
}

export const number =
  (least: number, below = Infinity): Parser<number> =>
  (text) => {
    const value = numberOf(text)
    if (!(value >= least && value < below)) {
      throw new InvalidArgumentError(`must be a number from ${least}${below === Infinity ? '' : ` to below ${below}`}.`)
    }
    return value
  }

/** @param isOpen whether 0 itself is too little */
export const share =
  (isOpen: boolean): Parser<number> =>
  (text) => {
    const value = numberOf(text)
    if (!(value >= 0 && value <= 1) || (isOpen && value === 0)) {
      throw new InvalidArgumentError(`must be a number ${isOpen ? 'above 0, and at most 1' : 'from 0 to 1'}.`)
    }
    return value
  }

/** An option that takes one of a few names. */
export function choice(flags: string, description: string, names: readonly string[]): Option {
  const option = new Option(flags, description)
  option.argChoices = [...names]
  return option.argParser((text) => {
    if (names.includes(text)) return text
    const meant = nearest(text, names)
    throw new InvalidArgumentError(`must be one of ${names.join(', ')}.${meant ? ` Did you mean ${meant}?` : ''}`)
  })
}

/** For an option that may be given several times. */
export const several = (text: string, before: readonly string[] = []): string[] => {
  if (text === '') throw new InvalidArgumentError('must not be empty.')
  return [...before, text]
}
