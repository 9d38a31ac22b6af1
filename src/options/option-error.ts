/** What is wrong with an option, so that whoever set it under another name can be told under that name. */

export class OptionError extends Error {
  /**
   * Reads `option: problem`.
   *
   * @param option its name, as the call that was made has it
   * @param problem the value, and what would be right
   */
  constructor(
    readonly option: string,
    readonly problem: string,
  ) {
    super(`${option}: ${problem}`)
    this.name = 'OptionError'
  }
}

/** What goes wrong in here is wrong with this option; messages begin with its name already. */
export function blame<T>(option: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new OptionError(option, (error as Error).message.replace(`${option}: `, ''))
  }
}
