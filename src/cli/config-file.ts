/** Options from a file: JSON, with the names of the long flags, in camel case or as they are. Flags win. */
import { readFileSync } from 'node:fs'
import type { Command, Option } from 'commander'
import { readSetting } from '../node/index.js'
import { isList } from './values.js'
import { nearest } from '../options/known.js'

/** Wrong use: the command ends with 2. */
export class UsageError extends Error {}

/** What goes wrong in here is wrong use. */
export function asUsage<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Sets what the file says and no flag does. Each value is checked as if it had been a flag's. */
export function applyConfigFile(command: Command, path: string): void {
  let values: unknown
  try {
    values = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    throw new UsageError(`${path}: cannot be read (${why})`)
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new UsageError(`${path}: must be a JSON object of options, such as { "hidden": 256 }`)
  }
  const options = command.options.filter((option) => option.attributeName() !== 'config')
  for (const [key, value] of Object.entries(values)) {
    // What a flag turns off is true or false here, by its own name.
    const option = options.find((known) => known.attributeName() === key || known.long?.replace(/^--no-/, '--') === `--${key}`)
    if (!option) {
      const meant = nearest(
        key,
        options.map((known) => known.attributeName()),
      )
      throw new UsageError(`${path}: '${key}' is not an option of ${command.name()}${meant ? `; did you mean '${meant}'?` : ''}`)
    }
    const name = option.attributeName()
    if (command.getOptionValueSource(name) === 'cli') continue
    command.setOptionValueWithSource(name, parsed(option, value, path, key), 'config')
  }
}

function parsed(option: Option, value: unknown, path: string, key: string): unknown {
  const isFlag = !option.required && !option.optional
  const parse = (text: string): string => (option.parseArg ? option.parseArg(text, undefined as never) : text)
  if (Array.isArray(value) && isList(option)) return value.flatMap((one: unknown) => parsed(option, one, path, key))
  try {
    return readSetting(isFlag ? {} : { parse }, value)
  } catch (error) {
    throw new UsageError(`${path}: '${key}' ${(error as Error).message}`)
  }
}
