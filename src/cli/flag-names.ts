/** What flags are called in the library, so that whoever typed a flag is told about that flag. */
import type { Command } from 'commander'
import { OptionError } from '../index.js'
import { UsageError } from './config-file.js'

/** Flags whose option has another name in the library, by that name; all others are called alike. */
const calledOtherwise: Readonly<Record<string, string>> = {
  kind: 'tokens',
  size: 'vocabulary',
  format: 'documents',
  column: 'csvColumn',
  field: 'jsonField',
  seconds: 'minutes',
  learningRate: 'rate',
  clipNorm: 'clip',
  width: 'beams',
  banned: 'ban',
  forced: 'force',
}

/** The same error, with the flag's name where the library's was: what is wrong with a flag is wrong use. */
export function underFlag(error: unknown, command: Command | undefined): Error {
  if (!(error instanceof OptionError)) return error as Error
  const name = calledOtherwise[error.option] ?? error.option
  const flag = command?.options.find((option) => option.attributeName() === name)
  return flag ? new UsageError(`${flag.long}: ${error.problem}`) : error
}
