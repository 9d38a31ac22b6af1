/** From a tape to a program: segment, distribute, fold, anchor, schedule, lay out, emit. One call a stage, in this order. */
import type { Node } from '../tape/node.js'
import { Tape } from '../tape/tape.js'
import { anchor, rootView } from './anchor.js'
import { distribute } from './distribute.js'
import { emit } from './emit.js'
import { fold } from './fold.js'
import { Layout } from './layout.js'
import { print } from './print.js'
import type { Program, Ref } from './program.js'
import { schedule } from './schedule.js'
import { segment } from './segment.js'

/**
 * @param outputs the values that must be there when the program has run, assignments included; nothing else need be
 * @param stored where earlier programs of the same graph left values
 * @param base first element of the arena that may be used: what earlier programs left is before it
 */
export function compile(outputs: readonly Node[], stored: ReadonlyMap<Node, Ref> = new Map(), base = 0): Program {
  const tape = new Tape()
  const wanted = distribute(segment(outputs, stored), tape, stored).map((node) => {
    // Of what a leaf holds, the value at the time of the run is wanted; and a literal has no place.
    const isBorrowed = ['matrix', 'input', 'constant'].includes(rootView(node).op)
    return isBorrowed ? tape.place('copy', [node], node.rows, node.cols) : node
  })
  fold(wanted)
  const anchors = anchor(tape, wanted)
  const units = schedule(wanted, anchors)
  const layout = new Layout(
    anchors,
    units,
    wanted.filter(({ op }) => op !== 'assign'),
    base,
  )
  const program = {
    instructions: emit(units, layout),
    base,
    end: layout.end,
    outputs: wanted.map((node) => layout.ref(node.op === 'assign' ? node.inputs[0] : node)),
  }
  return { ...program, toString: () => print(program) }
}
