/** The built-in cells by the names that options and files call them. */
import type { Cell } from '../nn/cell.js'
import { gru, lstm, rnn } from '../nn/cells.js'

export type CellName = 'lstm' | 'gru' | 'gru-reset-before' | 'rnn' | 'rnn-relu'

export const builtIn: Readonly<Record<CellName, () => Cell>> = {
  lstm: () => lstm(),
  gru: () => gru(),
  'gru-reset-before': () => gru({ reset: 'before' }),
  rnn: () => rnn(),
  'rnn-relu': () => rnn({ activation: 'relu' }),
}

/** What a file calls a cell. */
export const cellName = ({ name = 'cell' }: Cell): string => name
