/**
 * Runs what a graph has recorded, piece by piece: whenever somebody looks at a value, what was recorded since the last look is
 * compiled (or found in the cache) and run.
 */
import type { Program, Ref } from '../compile/program.js'
import type { Binding, Engine, Executable, Fault, Floats, Run } from '../run/engine.js'
import type { Node } from '../tape/node.js'
import type { Matrix, Written } from './matrix.js'
import { cached, compileBackward, compileForward, executableOf, type Compiled, type Situation } from './pieces.js'
import { bindingOf, type Leaf, type Recording } from './recording.js'
import { gathered, Tenancy } from './tenancy.js'

/** A gradient that was handed out. */
interface LiveGradient {
  readonly values: Floats
  /** What was in it when it was handed out, or when a backward pass filled it: where it differs, it was set by hand. */
  readonly left: Floats
  seed?: Floats
}

interface Piece {
  readonly compiled: Compiled
  readonly executable: Executable
  /** By slot, of the leaves that it reads or writes; the same for every run. */
  readonly bindings: readonly Binding[]
  /** The matrices among the leaves: whether a run writes them, and what their version was when it last ran. */
  readonly stores: {
    readonly slot: number
    readonly matrix: Matrix
    readonly written: Written | undefined
    /** Where only rows are written: which. */
    readonly rows: Int32Array | undefined
    version: number
  }[]
}

/** Hands out what is to be run next, and goes on once it has been: so graphs can run at the same time. */
export type Runs = Generator<Run, void>

export function runAll(runs: Runs): void {
  for (const { executable, bindings } of runs) executable.run(bindings)
}

function pieceOf(engine: Engine, compiled: Compiled, leaves: readonly Leaf[]): Piece {
  const bindings = new Array<Binding>(leaves.length)
  const stores: Piece['stores'] = []
  for (const slot of compiled.slots) {
    const leaf = leaves[slot]
    bindings[slot] = bindingOf(leaf)
    if (leaf.kind !== 'store') continue
    const written = compiled.written.get(slot)
    const rows = typeof written === 'object' ? (leaves[written.rowsAt] as Leaf & { kind: 'integers' }).values : undefined
    stores.push({ slot, matrix: leaf.matrix, written, rows, version: 0 })
  }
  return { compiled, executable: executableOf(engine, compiled), bindings, stores }
}

export class Execution {
  readonly #pieces: Piece[] = []
  readonly #arena: Tenancy
  /** How much of the tape has been run. */
  #done = 0
  /** Arrays that were handed out, by node: what is written to them counts for what is run later. */
  readonly #liveValues = new Map<number, Floats>()
  readonly #liveGradients = new Map<number, LiveGradient>()

  /** @param kept the nodes whose values can be read; undefined: all outside loops */
  constructor(
    readonly recording: Recording,
    readonly kept: Set<Node> | undefined,
  ) {
    this.#arena = new Tenancy(recording.engine)
  }

  get engine(): Engine {
    return this.recording.engine
  }

  /** The programs run so far. */
  get programs(): Program[] {
    return this.#pieces.map(({ compiled }) => compiled.program)
  }

  /** The value of a node, in an array that counts if it is changed before more is run. */
  value(node: Node): Floats {
    const place = this.#placeOf(node)
    let values = this.#liveValues.get(node.id)
    if (!values) this.#liveValues.set(node.id, (values = this.#read(place)))
    return values
  }

  /** A copy of the value of a node. */
  read(node: Node): Floats {
    const place = this.#placeOf(node)
    return this.#liveValues.get(node.id)?.slice() ?? this.#read(place)
  }

  /** Copies the value of a node into an array as long as it is large. */
  readInto(node: Node, into: Floats): void {
    const place = this.#placeOf(node)
    const live = this.#liveValues.get(node.id)
    if (!live && place.leaf < 0) this.#arena.readInto(place, into)
    else into.set(live ?? this.#read(place))
  }

  /** Where the value of a node is, once what computes it has run. */
  #placeOf(node: Node): Ref {
    this.#refuseUnkept(node)
    if (!this.#valueOf(node.id)) this.flush()
    const place = this.#valueOf(node.id)
    // Kept too late.
    if (!place) throw new Error(notKept)
    return place
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
    if (this.#done < this.recording.tape.nodes.length) runAll(this.#flushing())
  }

  *#flushing(): Runs {
    const { tape } = this.recording
    if (this.#done === tape.nodes.length) return
    this.#sign(-1)
    const compiled = cached(this.recording, () => compileForward(this.#situation()))
    yield* this.#beginning(pieceOf(this.engine, compiled, this.recording.leaves))
    this.#done = tape.nodes.length
  }

  /** Runs everything, again where it has been run, from the leaves as they are now. */
  replay(): void {
    this.#forget()
    for (const piece of this.#pieces) {
      this.#prepare(piece)
      piece.executable.run(piece.bindings)
      noteWritten(piece)
    }
    this.flush()
  }

  /** The same for graphs that run together: with those that do not, it would be a few hundredths of a small step. */
  *replaying(): Runs {
    this.#forget()
    for (const piece of this.#pieces) yield* this.#running(piece)
    yield* this.#flushing()
  }

  #forget(): void {
    // V8 makes a new table for a map that is cleared, also for one that is empty.
    if (this.#liveValues.size > 0) this.#liveValues.clear()
    if (this.#liveGradients.size > 0) this.#liveGradients.clear()
    this.#arena.forget()
  }

  /** Runs again, an instruction at a time, and returns the first that gives a result that is not finite. */
  diagnose(): Fault | undefined {
    for (const piece of this.#pieces) {
      this.#arena.enter()
      prepareStores(piece)
      const fault = piece.executable.diagnose(piece.bindings)
      noteWritten(piece)
      if (fault) return fault
    }
    return undefined
  }

  /**
   * Runs the backward pass, and whatever of the forward pass has not been run yet.
   *
   * @param from the node whose gradient is 1, if any
   * @param wrt the matrices whose gradients are wanted
   * @param into where each goes
   */
  *backward(from: Node | undefined, wrt: readonly Matrix[], into: (matrix: Matrix) => Matrix): Runs {
    const { tape, signature, leaves } = this.recording
    this.#refuseChanged()
    // Gradients that were set by hand come in as data. To look at one is not to set it.
    const seeds = [...this.#liveGradients].flatMap(([id, live]) => {
      if (live.values.some((value, i) => !Object.is(value, live.left[i]))) live.seed = live.values.slice()
      return live.seed ? [{ node: tape.nodes[id], values: live.seed }] : []
    })
    const targets = wrt.map((matrix) => {
      const gradient = into(matrix)
      return { node: this.recording.matrix(matrix), gradient, add: !gradient.isClear }
    })
    this.#sign(-2)
    signature.push(from?.id ?? -1)
    for (const { node } of seeds) signature.push(node.id)
    signature.push(-1)
    signature.push(targets.length)
    for (const { node, add } of targets) signature.push(add ? -1 - node.id : node.id)
    const compiled = cached(this.recording, () => compileBackward(this.#situation(), from, seeds, targets))
    const all: Leaf[] = [
      ...leaves,
      ...seeds.map(({ values }): Leaf => ({ kind: 'floats', values })),
      ...targets.map(({ gradient }): Leaf => ({ kind: 'store', matrix: gradient })),
    ]
    yield* this.#beginning(pieceOf(this.engine, compiled, all))
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

  #situation(): Situation {
    const { recording, kept } = this
    const { nodes } = recording.tape
    const stored = this.#pieces.flatMap(({ compiled }) =>
      [...compiled.values].filter(([, { leaf }]) => leaf < 0).map(([id, ref]): [Node, Ref] => [nodes[id], ref]),
    )
    return { recording, kept, done: this.#done, stored: new Map(stored), end: this.#arena.end }
  }

  *#beginning(piece: Piece): Runs {
    yield* this.#running(piece)
    this.#pieces.push(piece)
    this.#arena.extend(piece.compiled.program.end, piece.compiled.extents)
    this.recording.signature.follow(piece.compiled.id)
  }

  *#running(piece: Piece): Runs {
    this.#prepare(piece)
    yield piece
    noteWritten(piece)
  }

  #prepare(piece: Piece): void {
    this.#arena.enter()
    for (const [id, values] of this.#liveValues) {
      const place = this.#valueOf(id)
      if (place && place.leaf < 0) this.#arena.write(place, values)
    }
    prepareStores(piece)
  }

  /** Values that were computed from a parameter as it was do not go with the parameter as it is. */
  #refuseChanged(): void {
    for (const { stores } of this.#pieces) {
      const changed = stores.find(
        ({ slot, matrix, version }) => slot < this.recording.leaves.length && matrix.version !== version,
      )
      if (changed && !this.recording.assigned.has(changed.matrix)) {
        throw new Error(
          `${changed.matrix}: has changed since the graph ran; record a new graph, or call run() to run this one again`,
        )
      }
    }
  }

  #read(ref: Ref): Floats {
    if (ref.leaf < 0) {
      const values = new this.engine.Floats(ref.rows * ref.cols)
      this.#arena.readInto(ref, values)
      return values
    }
    const leaf = this.recording.leaves[ref.leaf]
    const all = leaf.kind === 'store' ? leaf.matrix.read() : new this.engine.Floats(leaf.values)
    return gathered(all, ref.offset, ref, this.engine)
  }
}

/** Puts what was written to matrices in the engine's memory. */
function prepareStores({ stores }: Piece): void {
  for (const { matrix, written } of stores) matrix.beforeRun(written)
}

function noteWritten({ stores }: Piece): void {
  for (const { matrix, written, rows } of stores) if (written) matrix.afterWrite(rows)
  for (const store of stores) store.version = store.matrix.version
}

const notKept = 'this graph keeps only what it is asked to keep; call keep() on the value before running'
