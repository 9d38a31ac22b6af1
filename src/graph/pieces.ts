/** A piece of a graph: what was recorded between two looks at it, compiled. */
import { compile } from '../compile/compile.js'
import { differentiate } from '../compile/differentiate.js'
import type { Place, Program, Ref } from '../compile/program.js'
import type { Engine, Executable, Floats, LeafLayout } from '../run/engine.js'
import { isConstant, type Node } from '../tape/node.js'
import { Tape } from '../tape/tape.js'
import { Cache, perObject } from './cache.js'
import type { Matrix, Written } from './matrix.js'
import { layoutOf, type Leaf, type Recording } from './recording.js'
import { extentsOf, type Extent } from './tenancy.js'

/** A program and what it leaves where. Nodes by id, since the next graph with this signature has nodes of its own. */
export interface Compiled {
  /** Stands in the signature of the piece that follows for all that came before it. */
  readonly id: number
  readonly program: Program
  /** By slot, of the leaves that it reads or writes. */
  readonly layouts: readonly LeafLayout[]
  readonly values: ReadonlyMap<number, Ref>
  readonly gradients: ReadonlyMap<number, Ref>
  /** The stretches of the arena that those cover. */
  readonly extents: readonly Extent[]
  /** Slots of the leaves that it reads or writes. */
  readonly slots: readonly number[]
  /** Slots of matrices that it writes. */
  readonly written: ReadonlyMap<number, Written>
}

/** What there is when a piece is compiled. */
export interface Situation {
  readonly recording: Recording
  /** The nodes whose values can be read; undefined: all outside loops. */
  readonly kept: ReadonlySet<Node> | undefined
  /** Nodes of the tape that earlier pieces have run. */
  readonly done: number
  /** Where earlier pieces left values in the arena, and where the arena is free. */
  readonly stored: ReadonlyMap<Node, Ref>
  readonly end: number
}

/** A gradient that is known from outside. */
export interface Seed {
  readonly node: Node
  readonly values: Floats
}

/** A matrix leaf whose gradient is wanted. */
export interface Target {
  readonly node: Node
  readonly gradient: Matrix
  /** To what is in `gradient` already, not in its place. */
  readonly add: boolean
}

let compiled = 0

/** Lanes of one memory have the same programs, and each its own executables of them. */
const caches = perObject(() => new Cache<Compiled>())
const executables = perObject(() => new WeakMap<Compiled, Executable>())

/** How many programs an engine has in its cache. */
export const cachedPrograms = ({ memory }: Engine): number => caches(memory).size

/** What runs a program on an engine. */
export function executableOf(engine: Engine, compiled: Compiled): Executable {
  const made = executables(engine)
  let found = made.get(compiled)
  if (!found) made.set(compiled, (found = engine.prepare(compiled.program, compiled.layouts)))
  return found
}

/** The compiled piece for what has been signed so far, from the cache or made anew. */
export function cached({ engine, signature }: Recording, make: () => Compiled): Compiled {
  const cache = caches(engine.memory)
  let found = cache.get(signature)
  if (!found) cache.set(signature, (found = make()))
  return found
}

export function compileForward(situation: Situation): Compiled {
  const outputs = pending(situation)
  return prepare(situation, outputs, outputs.length, [], situation.recording.leaves)
}

/** @param from the node whose gradient is 1, if any */
export function compileBackward(
  situation: Situation,
  from: Node | undefined,
  seeds: readonly Seed[],
  targets: readonly Target[],
): Compiled {
  const { recording, kept } = situation
  // On a tape of its own: the user may go on recording where he was.
  const tape = new Tape(recording.tape.nodes)
  const leaves = recording.leaves.slice()
  const leaf = (op: string, { rows, cols }: Node, bound: Leaf): Node =>
    tape.record(op, [], { rows, cols, slot: leaves.push(bound) - 1 })
  const known = new Map<Node, Node>()
  for (const { node, values } of seeds) known.set(node, leaf('input', node, { kind: 'floats', values }))
  if (from) {
    const seeded = known.get(from)
    known.set(from, seeded ? tape.add(seeded, tape.constant(1)) : tape.constant(1))
  }
  // Where everything can be looked at, the gradients of data can.
  const inputs = kept ? [] : recording.tape.nodes.filter(({ op }) => op === 'input')
  const gradients = differentiate(tape, known, new Set([...targets.map(({ node }) => node), ...inputs]))
  const assignments = targets.flatMap(({ node, gradient, add }) => {
    const target = leaf('matrix', node, { kind: 'store', matrix: gradient })
    const value = gradients.get(node)
    return value
      ? [tape.record('assign', [target, add ? tape.add(target, value) : tape.expand(value, node.rows, node.cols)])]
      : []
  })
  const outputs = pending(situation)
  const readable = [...gradients].filter(
    ([node]) => (kept ? kept.has(node) : isComputed(node) || inputs.includes(node)) && !node.loop,
  )
  return prepare(
    situation,
    [...outputs, ...readable.map(([, grad]) => grad), ...assignments],
    outputs.length,
    readable.map(([node]) => node.id),
    leaves,
  )
}

/** The values to be left, and the assignments to be carried out, of what has not been run. */
function pending({ recording, kept, done, stored }: Situation): Node[] {
  const fresh = recording.tape.nodes.slice(done).filter((node) => !node.loop)
  // Of several assignments to one matrix the last counts.
  const assignments = new Map(fresh.filter(({ op }) => op === 'assign').map((node) => [node.inputs[0], node]))
  const values = fresh.filter((node) => (kept ? kept.has(node) : isComputed(node)))
  // What is recorded later, a backward pass too, reads an assigned matrix as it was.
  const overwritten = kept ? [] : [...assignments.keys()].filter((matrix) => !stored.has(matrix))
  return [...overwritten, ...values, ...assignments.values()]
}

/** @param valueCount how many of the outputs are values; then come the gradients of `gradientIds`, then assignments */
function prepare(
  { recording, done, stored, end }: Situation,
  outputs: readonly Node[],
  valueCount: number,
  gradientIds: readonly number[],
  leaves: readonly Leaf[],
): Compiled {
  const program = compile(outputs, stored, end)
  const slotsRead = slotsReadBy(outputs, stored)
  for (const { op, inputs } of recording.tape.nodes.slice(0, done)) {
    if (op === 'assign' && slotsRead.has(inputs[0].attributes.slot)) {
      const { matrix } = leaves[inputs[0].attributes.slot] as Leaf & { kind: 'store' }
      throw new Error(
        `${matrix}: an assign has overwritten it, and what is recorded since reads it; run once everything is recorded`,
      )
    }
  }
  const written = new Map<number, Written>()
  for (const { op, inputs } of outputs) {
    if (op !== 'assign') continue
    const { slot } = inputs[0].attributes
    written.set(slot, slotsRead.has(slot) ? 'updated' : 'overwritten')
  }
  for (const instruction of program.instructions) {
    if (instruction.kind !== 'kernel' || !instruction.attributes.cleared) continue
    written.set(instruction.out.leaf, { rowsAt: instruction.inputs[1].leaf })
  }
  const refs = program.outputs
  const slots = slotsOf(program)
  // A piece has nothing to do with leaves that only others read: their places stay empty.
  const layouts = new Array<LeafLayout>(leaves.length)
  for (const slot of slots) layouts[slot] = layoutOf(leaves[slot])
  return {
    id: ++compiled,
    program,
    layouts,
    slots,
    values: new Map(outputs.slice(0, valueCount).map(({ id }, i) => [id, refs[i]])),
    gradients: new Map(gradientIds.map((id, i) => [id, refs[valueCount + i]])),
    extents: extentsOf(refs.slice(0, valueCount + gradientIds.length).filter(({ leaf }) => leaf < 0)),
    written,
  }
}

/** Leaves have no place of their own in the arena; everything else outside loops can be looked at. */
function isComputed(node: Node): boolean {
  return !isConstant(node) && node.inputs.length > 0 && node.op !== 'assign'
}

/** The slots of the leaves that a program names. */
function slotsOf(program: Program): number[] {
  const slots = new Set<number>()
  const add = (place: Place | undefined): void => {
    if (!place) return
    slots.add(place.leaf)
    add(place.first)
  }
  for (const instruction of program.instructions) {
    for (const inner of instruction.kind === 'loop' ? instruction.body : [instruction]) {
      if (inner.kind === 'kernel') [inner.out, ...inner.inputs].forEach(add)
      else for (const slot of inner.slots) if (slot.kind !== 'immediate') add(slot.ref)
    }
  }
  slots.delete(-1)
  return [...slots].sort((a, b) => a - b)
}

/** The slots of matrices that have to be read for the outputs. */
function slotsReadBy(outputs: readonly Node[], stored: ReadonlyMap<Node, Ref>): Set<number> {
  const slots = new Set<number>()
  const seen = new Set<Node>()
  const pending = outputs.flatMap((node) => (node.op === 'assign' ? [node.inputs[1]] : [node]))
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (stored.has(node)) continue
    if (node.op === 'matrix') slots.add(node.attributes.slot)
    pending.push(...node.inputs)
    if (node.next) pending.push(node.next)
  }
  return slots
}
