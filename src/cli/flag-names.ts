/** What flags are called in the library, so that whoever typed a flag is told about that flag. */
import type { Command } from 'commander'
import { OptionError } from '../index.js'
import { settingOf } from '../node/index.js'
import { UsageError } from './config-file.js'

/** Flags that are no setting of a training, and whose option has another name in the library, by that name. */
const calledOtherwise: Readonly<Record<string, string>> = { width: 'beams', banned: 'ban', forced: 'force' }

/** What the parser of the command line says of a flag's value, as everything else that is wrong with a flag is said. */
export const inOneSentence = (text: string): string =>
  text.replace(/^error: option '(?:-\w, )?(--[\w-]+).*?' argument '(.*)' is invalid\. (.*?)\.?\n?$/s, (_, flag, value, what) => {
    return `unrolled: ${flag}: '${value.replaceAll(/\p{Cc}+/gu, ' ')}'; ${what}\n`
  })

/** The same error, with the flag's name where the library's was: what is wrong with a flag is wrong use. */
export function underFlag(error: unknown, command: Command | undefined): Error {
  if (!(error instanceof OptionError)) return error as Error
  const name = calledOtherwise[error.option] ?? settingOf(error.option)
  const flag = command?.options.find((option) => option.attributeName() === name)
  return flag ? new UsageError(`${flag.long}: ${error.problem}`) : error
}
