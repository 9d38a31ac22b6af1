/** Turns scheduled units into the instructions of a program. */
import { isConstant, type Node } from '../tape/node.js'
import type { Mutable } from './fold.js'
import type { Layout } from './layout.js'
import type { Block, Instruction, Kernel, Micro, Ref, Slot } from './program.js'
import type { Pass, Unit } from './schedule.js'

export function emit(units: readonly Unit[], layout: Layout): Instruction[] {
  return units.flatMap((unit): Instruction[] => {
    if (unit.kind !== 'loop') return [emitPass(unit, layout)]
    const { steps, reverse } = unit.loop
    const body = unit.body.map((inner) => emitPass(inner, layout))
    const initials = layout.initials(unit.carries).map(({ from, to }) => copy(from, to))
    return [...initials, { kind: 'loop', steps, reverse, body }]
  })
}

function emitPass(unit: Pass, layout: Layout): Block | Kernel {
  if (unit.kind === 'elementwise') return emitBlock(unit.rows, unit.cols, unit.nodes, layout)
  const { op, inputs, attributes } = unit.node
  return { kind: 'kernel', op, out: layout.ref(unit.node), inputs: inputs.map((input) => layout.ref(input)), attributes }
}

function copy(from: Ref, to: Ref): Block {
  const slots: Slot[] = [operand(from, to.cols), { kind: 'matrix', ref: to }]
  const code = [{ op: 'copy', out: 1, operands: [0], immediate: 0, first: 0 }]
  return { kind: 'elementwise', rows: to.rows, cols: to.cols, slots, temporaries: 0, code }
}

function emitBlock(rows: number, cols: number, nodes: readonly Node[], layout: Layout): Block {
  const slots: Slot[] = []
  const slotOf = new Map<Node, number>()
  const own = new Set(nodes)
  const take = (node: Node, slot: Slot): void => void slotOf.set(node, slots.push(slot) - 1)
  for (const node of nodes) {
    for (const input of node.inputs) {
      if (slotOf.has(input) || own.has(input)) continue
      take(input, isConstant(input) ? { kind: 'immediate', value: input.attributes.value } : operand(layout.ref(input), cols))
    }
    if (layout.isExternal(node)) take(node, { kind: 'matrix', ref: layout.ref(node) })
  }
  const { registers, temporaries } = assignRegisters(
    nodes.filter((node) => !slotOf.has(node)),
    nodes,
  )
  const number = (node: Node): number => slotOf.get(node) ?? slots.length + registers.get(node)!
  const code = nodes.map((node): Micro => {
    const { exponent, rate, first = 0 } = node.attributes
    return { op: node.op, out: number(node), operands: node.inputs.map(number), immediate: exponent ?? rate ?? 0, first }
  })
  return { kind: 'elementwise', rows, cols, slots, temporaries, code: withoutLastCopies(code, slots) }
}

/**
 * A value that is copied over a matrix at the end is written there at once, if nothing that comes later reads what was there: so are an
 * optimizer's weights and moments.
 */
function withoutLastCopies(code: readonly Micro[], slots: readonly Slot[]): Micro[] {
  const kept: Mutable<Micro>[] = code.map((micro) => ({ ...micro }))
  for (const copy of kept.slice()) {
    const [from] = copy.operands
    if (copy.op !== 'copy' || from < slots.length || copy.out >= slots.length) continue
    const at = kept.indexOf(copy)
    const source = kept.findLastIndex(({ out }, i) => i < at && out === from)
    const after = kept.slice(source + 1)
    if (after.some(({ operands }) => operands.some((slot) => isSame(slots[slot], slots[copy.out])))) continue
    kept[source].out = copy.out
    // Up to where its register gets another value.
    const end = after.findIndex(({ out }) => out === from)
    for (const micro of end < 0 ? after : after.slice(0, end + 1)) {
      micro.operands = micro.operands.map((slot) => (slot === from ? copy.out : slot))
    }
    kept.splice(at, 1)
  }
  return kept
}

const isSame = (a: Slot | undefined, b: Slot): boolean =>
  a?.kind === 'matrix' && b.kind === 'matrix' && a.ref.leaf === b.ref.leaf && a.ref.offset === b.ref.offset

/** How a matrix is an operand of a block of `cols` columns. */
function operand(ref: Ref, cols: number): Slot {
  if (ref.cols === cols) return { kind: 'matrix', ref }
  return { kind: ref.rows === 1 ? 'scalar' : 'column', ref }
}

/** Each value that stays within the block gets a register, free again after its last use. */
function assignRegisters(values: readonly Node[], nodes: readonly Node[]): { registers: Map<Node, number>; temporaries: number } {
  const wanted = new Set(values)
  const lastUse = new Map<Node, number>()
  nodes.forEach(({ inputs }, i) => inputs.forEach((input) => lastUse.set(input, i)))
  const registers = new Map<Node, number>()
  const free: number[] = []
  let temporaries = 0
  nodes.forEach((node, i) => {
    // An instruction may write where it reads: it has read an element before it writes it.
    for (const input of new Set(node.inputs)) if (wanted.has(input) && lastUse.get(input) === i) free.push(registers.get(input)!)
    if (wanted.has(node)) registers.set(node, free.pop() ?? temporaries++)
  })
  return { registers, temporaries }
}
