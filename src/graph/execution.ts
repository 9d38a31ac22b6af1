/**
 * Runs what a graph has recorded, piece by piece: whenever somebody looks at a value, what was recorded since the last look is
 * compiled (or found in the cache) and run. Values stay in the engine's arena until the arena is needed by another graph; then
 * those that may still be wanted are copied out.
 */
import { compile } from '../compile/compile.js'
import { differentiate } from '../compile/differentiate.js'
import type { Program, Ref } from '../compile/program.js'
import type { Binding, Engine, Executable, Fault, Floats } from '../run/engine.js'
import { isConstant, type Node } from '../tape/node.js'
import { Tape } from '../tape/tape.js'
import { Cache, perEngine } from './cache.js'
import type { Matrix } from './matrix.js'
import { bindingOf, layoutOf, type Leaf, type Recording } from './recording.js'
import type { Signature } from './signature.js'

/** A program and what it leaves where. Nodes by id, since the next graph with this signature has nodes of its own. */
interface Compiled {
  readonly executable: Executable
  readonly values: ReadonlyMap<number, Ref>
  readonly gradients: ReadonlyMap<number, Ref>
  /** The stretches of the arena that those cover. */
  readonly kept: readonly { start: number; end: number }[]
  /** Slots of matrices that it writes, and whether it reads nothing of what was there. */
  readonly written: ReadonlyMap<number, 'overwritten' | 'updated'>
}

/** A gradient that was handed out. */
interface LiveGradient {
  readonly values: Floats
  /** What was in it when it was handed out, or when a backward pass filled it: where it differs, it was set by hand. */
  readonly left: Floats
  seed?: Floats
}

interface Piece {
  readonly compiled: Compiled
  readonly leaves: readonly Leaf[]
}

interface EngineState {
  readonly cache: Cache<Compiled>
  /** Whose values are in the arena. Not a WeakRef: within a task those keep alive whatever they have referred to. */
  owner: Execution | undefined
}

const stateOf = perEngine<EngineState>(() => ({ cache: new Cache<Compiled>(), owner: undefined }))

/** How many programs an engine has in its cache. */
export const cachedPrograms = (engine: Engine): number => stateOf(engine).cache.size

export class Execution {
  readonly #pieces: Piece[] = []
  /** How much of the tape has been run, and how much of the arena that took. */
  #done = 0
  #end = 0
  #snapshot: { offset: number; values: Floats }[] | undefined
  /** Arrays that were handed out, by node: what is written to them counts for what is run later. */
  readonly #liveValues = new Map<number, Floats>()
  readonly #liveGradients = new Map<number, LiveGradient>()

  /** @param kept the nodes whose values can be read; undefined: all outside loops */
  constructor(
    readonly recording: Recording,
    readonly kept: Set<Node> | undefined,
  ) {}

  get engine(): Engine {
    return this.recording.engine
  }

  /** The programs run so far. */
  get programs(): Program[] {
    return this.#pieces.map(({ compiled }) => compiled.executable.program)
  }

  /** The value of a node, in an array that counts if it is changed before more is run. */
  value(node: Node): Floats {
    this.#refuseUnkept(node)
    if (!this.#valueOf(node.id)) this.flush()
    const place = this.#valueOf(node.id)
    // Kept too late.
    if (!place) throw new Error(notKept)
    let values = this.#liveValues.get(node.id)
    if (!values) this.#liveValues.set(node.id, (values = this.#read(place)))
    return values
  }

  /** The gradient of a node: zeros before there is one, to be set by hand or filled by `backward`. */
  gradient(node: Node): Floats {
    this.#refuseUnkept(node)
    let live = this.#liveGradients.get(node.id)
    if (!live) {
      const place = this.#gradientOf(node.id)
      const values = place ? this.#read(place) : new this.engine.Floats(node.rows * node.cols)
      this.#liveGradients.set(node.id, (live = { values, left: values.slice() }))
    }
    return live.values
  }

  #refuseUnkept(node: Node): void {
    if (this.kept && !this.kept.has(node)) throw new Error(notKept)
  }

  #valueOf(id: number): Ref | undefined {
    for (const { compiled } of this.#pieces) {
      const place = compiled.values.get(id)
      if (place) return place
    }
    return undefined
  }

  #gradientOf(id: number): Ref | undefined {
    return this.#pieces.findLast(({ compiled }) => compiled.gradients.has(id))?.compiled.gradients.get(id)
  }

  /** Runs what has been recorded since the last run. */
  flush(): void {
    const { tape, signature } = this.recording
    if (this.#done === tape.nodes.length) return
    this.#sign(-1)
    const compiled = this.#compiled(signature, () => this.#compileForward())
    this.#run({ compiled, leaves: this.recording.leaves.slice() })
    this.#done = tape.nodes.length
  }

  /** Runs everything, again where it has been run, from the leaves as they are now. */
  replay(): void {
    this.#liveValues.clear()
    this.#liveGradients.clear()
    // All of it is computed anew.
    this.#snapshot = undefined
    for (const piece of this.#pieces) this.#execute(piece)
    this.flush()
  }

  /** Runs again, an instruction at a time, and returns the first that gives a result that is not finite. */
  diagnose(): Fault | undefined {
    for (const piece of this.#pieces) {
      this.#takeArena()
      const fault = piece.compiled.executable.diagnose(this.#bindings(piece))
      this.#noteWritten(piece)
      if (fault) return fault
    }
    return undefined
  }

  /**
   * Runs the backward pass, and whatever of the forward pass has not been run yet.
   *
   * @param from the node whose gradient is 1, if any
   * @param wrt the matrices whose gradients are wanted
   */
  backward(from: Node | undefined, wrt: readonly Matrix[]): void {
    const { tape, signature, leaves } = this.recording
    // Gradients that were set by hand come in as data. To look at one is not to set it.
    const seeds = [...this.#liveGradients].flatMap(([id, live]) => {
      if (live.values.some((value, i) => !Object.is(value, live.left[i]))) live.seed = live.values.slice()
      return live.seed ? [{ node: tape.nodes[id], values: live.seed }] : []
    })
    const targets = wrt.map((matrix) => ({
      node: this.recording.matrix(matrix),
      gradient: matrix.grad,
      add: !matrix.grad.isClear,
    }))
    this.#sign(-2)
    signature.push(from?.id ?? -1)
    for (const { node } of seeds) signature.push(node.id)
    signature.push(-1)
    signature.push(targets.length)
    for (const { node, add } of targets) signature.push(add ? -1 - node.id : node.id)
    const compiled = this.#compiled(signature, () => this.#compileBackward(from, seeds, targets))
    const all: Leaf[] = [
      ...leaves,
      ...seeds.map(({ values }): Leaf => ({ kind: 'floats', values })),
      ...targets.map(({ gradient }): Leaf => ({ kind: 'store', matrix: gradient })),
    ]
    this.#run({ compiled, leaves: all })
    this.#done = tape.nodes.length
    for (const [id, { values, left }] of this.#liveGradients) {
      const place = this.#gradientOf(id)
      if (place) values.set(this.#read(place))
      left.set(values)
    }
  }

  /** Ends a piece of the recording: what it leaves to be read is part of what its program is. */
  #sign(end: number): void {
    const { signature } = this.recording
    signature.push(end)
    signature.push(this.kept ? 1 : 0)
    for (const { id } of this.kept ?? []) signature.push(id)
    signature.push(-1)
  }

  #compiled(signature: Signature, make: () => Compiled): Compiled {
    const { cache } = stateOf(this.engine)
    let compiled = cache.get(signature)
    if (!compiled) cache.set(signature, (compiled = make()))
    return compiled
  }

  /** The values to be left, and the assignments to be carried out, of what has not been run. */
  #pending(): Node[] {
    const fresh = this.recording.tape.nodes.slice(this.#done).filter((node) => !node.loop)
    // Of several assignments to one matrix the last counts.
    const assignments = new Map(fresh.filter(({ op }) => op === 'assign').map((node) => [node.inputs[0], node]))
    const values = fresh.filter((node) => (this.kept ? this.kept.has(node) : isComputed(node)))
    // What is recorded later, a backward pass too, reads an assigned matrix as it was.
    const overwritten = this.kept ? [] : [...assignments.keys()].filter(({ id }) => !this.#valueOf(id))
    return [...overwritten, ...values, ...assignments.values()]
  }

  #compileForward(): Compiled {
    const outputs = this.#pending()
    return this.#prepare(outputs, outputs.length, [], this.recording.leaves)
  }

  #compileBackward(
    from: Node | undefined,
    seeds: readonly { node: Node; values: Floats }[],
    targets: readonly { node: Node; gradient: Matrix; add: boolean }[],
  ): Compiled {
    // On a tape of its own: the user may go on recording where he was.
    const tape = new Tape(this.recording.tape.nodes)
    const leaves = this.recording.leaves.slice()
    const leaf = (op: string, { rows, cols }: Node, bound: Leaf): Node =>
      tape.record(op, [], { rows, cols, slot: leaves.push(bound) - 1 })
    const known = new Map<Node, Node>()
    for (const { node, values } of seeds) known.set(node, leaf('input', node, { kind: 'floats', values }))
    if (from) {
      const seeded = known.get(from)
      known.set(from, seeded ? tape.add(seeded, tape.constant(1)) : tape.constant(1))
    }
    const gradients = differentiate(tape, known, new Set(targets.map(({ node }) => node)))
    const assignments = targets.flatMap(({ node, gradient, add }) => {
      const target = leaf('matrix', node, { kind: 'store', matrix: gradient })
      const value = gradients.get(node)
      return value
        ? [tape.record('assign', [target, add ? tape.add(target, value) : tape.expand(value, node.rows, node.cols)])]
        : []
    })
    const outputs = this.#pending()
    const kept = [...gradients].filter(([node]) => (this.kept ? this.kept.has(node) : isComputed(node)) && !node.loop)
    return this.#prepare(
      [...outputs, ...kept.map(([, grad]) => grad), ...assignments],
      outputs.length,
      kept.map(([node]) => node.id),
      leaves,
    )
  }

  #prepare(outputs: readonly Node[], valueCount: number, gradientIds: readonly number[], leaves: readonly Leaf[]): Compiled {
    const { nodes } = this.recording.tape
    const stored = new Map(
      this.#pieces.flatMap(({ compiled }) =>
        [...compiled.values].filter(([, ref]) => ref.leaf < 0).map(([id, ref]) => [nodes[id], ref]),
      ),
    )
    const program = compile(outputs, stored, this.#end)
    const refs = program.outputs
    const written = new Map<number, 'overwritten' | 'updated'>()
    const slotsRead = slotsReadBy(outputs, stored)
    for (const { op, inputs } of nodes.slice(0, this.#done)) {
      const { slot } = inputs[0]?.attributes ?? {}
      if (op === 'assign' && slotsRead.has(slot)) {
        const { matrix } = leaves[slot] as Leaf & { kind: 'store' }
        throw new Error(
          `${matrix}: an assign has overwritten it, and what is recorded since reads it; run once everything is recorded`,
        )
      }
    }
    for (const { op, inputs } of outputs) {
      if (op === 'assign')
        written.set(inputs[0].attributes.slot, slotsRead.has(inputs[0].attributes.slot) ? 'updated' : 'overwritten')
    }
    const places = (ids: readonly number[], from: number): Map<number, Ref> => new Map(ids.map((id, i) => [id, refs[from + i]]))
    const valueIds = outputs.slice(0, valueCount).map(({ id }) => id)
    const kept = refs.slice(0, valueCount + gradientIds.length).filter(({ leaf }) => leaf < 0)
    return {
      executable: this.engine.prepare(program, leaves.map(layoutOf)),
      values: places(valueIds, 0),
      gradients: places(gradientIds, valueCount),
      kept: extents(kept),
      written,
    }
  }

  #run(piece: Piece): void {
    this.#pieces.push(piece)
    this.#execute(piece)
    this.#end = piece.compiled.executable.program.end
  }

  #execute(piece: Piece): void {
    this.#takeArena()
    for (const [id, values] of this.#liveValues) this.#write(this.#valueOf(id), values)
    piece.compiled.executable.run(this.#bindings(piece))
    this.#noteWritten(piece)
  }

  #noteWritten({ compiled, leaves }: Piece): void {
    for (const slot of compiled.written.keys()) {
      const leaf = leaves[slot]
      if (leaf.kind === 'store') leaf.matrix.afterWrite()
    }
  }

  #bindings({ compiled, leaves }: Piece): Binding[] {
    return leaves.map((leaf, slot) => bindingOf(leaf, compiled.written.get(slot) === 'overwritten'))
  }

  /** Makes the arena ours, and lets the graph whose it was save what it may still need. */
  #takeArena(): void {
    const state = stateOf(this.engine)
    if (state.owner === this) return
    if (state.owner) state.owner.#leaveArena()
    state.owner = this
    this.engine.reserveArena(this.#end)
    for (const { offset, values } of this.#snapshot ?? []) this.engine.writeArena(offset, values)
    this.#snapshot = undefined
  }

  #leaveArena(): void {
    this.#snapshot = this.#pieces.flatMap(({ compiled }) =>
      compiled.kept.map(({ start, end }) => ({ offset: start, values: this.engine.readArena(start, end - start) })),
    )
  }

  #read(ref: Ref): Floats {
    const { leaf, offset, rowStride, rows, cols } = ref
    if (leaf >= 0) {
      const bound = this.recording.leaves[leaf]
      const all = bound.kind === 'store' ? bound.matrix.read() : new this.engine.Floats(bound.values)
      return gathered(all, offset, ref, this.engine)
    }
    const length = (rows - 1) * rowStride + cols
    const saved = this.#snapshot?.find((part) => part.offset <= offset && offset + length <= part.offset + part.values.length)
    return saved
      ? gathered(saved.values, offset - saved.offset, ref, this.engine)
      : gathered(this.engine.readArena(offset, length), 0, ref, this.engine)
  }

  #write(ref: Ref | undefined, values: Floats): void {
    if (!ref || ref.leaf >= 0) return
    const { offset, rowStride, rows, cols } = ref
    if (rowStride === cols) this.engine.writeArena(offset, values)
    else for (let r = 0; r < rows; r++) this.engine.writeArena(offset + r * rowStride, values.subarray(r * cols, (r + 1) * cols))
  }
}

/** Leaves have no place of their own in the arena; everything else outside loops can be looked at. */
function isComputed(node: Node): boolean {
  return !isConstant(node) && node.inputs.length > 0 && node.op !== 'assign'
}

const notKept = 'this graph keeps only what it is asked to keep; call keep() on the value before running'

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

/** The stretches of the arena that places cover, joined where little lies between. */
function extents(places: readonly Ref[]): { start: number; end: number }[] {
  const joined: { start: number; end: number }[] = []
  const all = places.map(({ offset, rowStride, rows, cols }) => ({ start: offset, end: offset + (rows - 1) * rowStride + cols }))
  for (const { start, end } of all.sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last && start <= last.end + 256) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}

function gathered(from: Floats, offset: number, { rows, cols, rowStride }: Ref, engine: Engine): Floats {
  if (rowStride === cols) return from.slice(offset, offset + rows * cols)
  const values = new engine.Floats(rows * cols)
  for (let r = 0; r < rows; r++) values.set(from.subarray(offset + r * rowStride, offset + r * rowStride + cols), r * cols)
  return values
}
