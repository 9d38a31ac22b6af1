/** Options of several commands. */
import type { Command, Option } from 'commander'
import { engineSettings, type Setting } from '../node/index.js'
import { optionOf } from './values.js'

/**
 * The options that these settings are.
 *
 * @param group what the help has above them; default: they stand among the others
 */
export const withSettings = (command: Command, settings: Readonly<Record<string, Setting>>, group?: string): Command => {
  for (const setting of Object.values(settings)) {
    const option = optionOf(setting)
    command.addOption(group === undefined ? option : option.helpGroup(group))
  }
  return command
}
export const kernels = (): Option => optionOf(engineSettings.kernels)
export const wideVectors = (): Option => optionOf(engineSettings.wideVectors)
