/** Options of several commands. */
import type { Command, Option } from 'commander'
import { engineSettings, type Setting } from '../node/index.js'
import { optionOf } from './values.js'

/** The options that these settings are. */
export const withSettings = (command: Command, settings: Readonly<Record<string, Setting>>): Command => {
  for (const setting of Object.values(settings)) command.addOption(optionOf(setting))
  return command
}
export const kernels = (): Option => optionOf(engineSettings.kernels)
export const wideVectors = (): Option => optionOf(engineSettings.wideVectors)
