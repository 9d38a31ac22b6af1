/** The built-in cells by the names that options and files call them. */
import { OptionError } from '../options/option-error.js'
import type { Cell } from './cell.js'
import { gru, lstm, rnn } from './cells.js'
import { layerNormGru, layerNormLstm, layerNormRnn } from './normalized-cells.js'

export type CellName = 'lstm' | 'gru' | 'gru-reset-before' | 'rnn' | 'rnn-relu'

/** Cells with layer normalisation; no other format has them. */
export type NormalizedCellName = 'layer-norm-lstm' | 'layer-norm-gru' | 'layer-norm-rnn'

export const builtIn: Readonly<Record<CellName, () => Cell>> = {
  lstm: () => lstm(),
  gru: () => gru(),
  'gru-reset-before': () => gru({ reset: 'before' }),
  rnn: () => rnn(),
  'rnn-relu': () => rnn({ activation: 'relu' }),
}

const all: Readonly<Record<CellName | NormalizedCellName, () => Cell>> = {
  ...builtIn,
  'layer-norm-lstm': () => layerNormLstm(),
  'layer-norm-gru': () => layerNormGru(),
  'layer-norm-rnn': () => layerNormRnn(),
}

export const cellNames = Object.keys(all) as readonly (CellName | NormalizedCellName)[]

/** What a file calls a cell. */
export const cellName = ({ name = 'cell' }: Cell): string => name

/** A cell, by its name or as it is. Throws a sentence for what is neither. */
export function resolveCell(cell: CellName | NormalizedCellName | Cell): Cell {
  if (typeof cell !== 'string') {
    if (typeof cell.step !== 'function')
      throw new OptionError('cell', `${typeof cell}; must be a name, or what defineCell, lstm(), gru() or rnn() return`)
    return cell
  }
  const make = Object.hasOwn(all, cell) ? all[cell] : undefined
  if (!make)
    throw new OptionError(
      'cell',
      `'${String(cell)}'; must be one of ${Object.keys(all).join(', ')}, or a cell made with defineCell`,
    )
  return make()
}

/**
 * The cell that a file was trained with.
 *
 * @param name what the file calls it
 * @param given one of the caller's own, needed where it is not built in
 */
export function cellOfFile(name: string, given: Cell | undefined, source: string): Cell {
  const made = given ?? (Object.hasOwn(all, name) ? all[name as keyof typeof all]() : undefined)
  if (!made) throw new Error(`${source}: has a cell '${name}' of its own; pass it as cell`)
  if (cellName(made) !== name) throw new Error(`${source}: was trained with the cell '${name}', not '${cellName(made)}'`)
  return made
}
