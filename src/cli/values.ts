/** What the values of options may be, as the command reads them. */
import { InvalidArgumentError, Option } from 'commander'
import { parsers, type Parser, type Setting } from '../node/index.js'

/** What it throws, the command tells with the option's name. */
const argument =
  <T>(parse: Parser<T>): Parser<T> =>
  (text) => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message)
    }
  }

export const whole = (least: number, most?: number): Parser<number> => argument(parsers.whole(least, most))
export const positive: Parser<number> = argument(parsers.positive)
export const number = (least: number, below?: number): Parser<number> => argument(parsers.number(least, below))

/** @param isOpen whether 0 itself is too little */
export const share = (isOpen: boolean): Parser<number> =>
  argument((text) => {
    const value = text.trim() === '' ? NaN : Number(text)
    if (!(value >= 0 && value <= 1) || (isOpen && value === 0)) {
      throw new Error(`must be a number ${isOpen ? 'above 0, and at most 1' : 'from 0 to 1'}.`)
    }
    return value
  })

/** An option that takes one of a few names. */
export const choice = (flags: string, description: string, names: readonly string[]): Option =>
  optionOf({ flags, description, choices: names, parse: parsers.oneOf(names) })

/** The option that a setting is in the command. */
export function optionOf({
  flags,
  description,
  parse,
  choices,
  default: fallback,
  conflicts = [],
  several: mayRepeat,
}: Setting): Option {
  const option = new Option(flags, description).conflicts([...conflicts])
  if (choices) option.argChoices = [...choices]
  if (fallback !== undefined) option.default(fallback)
  if (!parse) return option
  const one = argument(parse)
  if (!mayRepeat) return option.argParser(one)
  lists.add(option)
  return option.argParser((text: string, before?: readonly (string | number)[]) => [...(before ?? []), one(text)])
}

const lists = new WeakSet<Option>()

/** Whether an option may be given several times, so that a file may have a list for it. */
export const isList = (option: Option): boolean => lists.has(option)

/** For an option that may be given several times. */
export const several = (text: string, before: readonly string[] = []): string[] => {
  if (text === '') throw new InvalidArgumentError('must not be empty.')
  return [...before, text]
}
