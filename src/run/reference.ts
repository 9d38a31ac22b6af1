/**
 * The reference executor: the same programs in plain TypeScript and float64. It is the oracle for tests and gradient checks, and
 * is written to be obviously right.
 */
import { laneOf } from './lanes.js'
import { offsetAt, unrolled, type Block, type Kernel, type Program, type Ref } from '../compile/program.js'
import { rowOf } from '../tape/ops.js'
import type { Binding, Engine, Executable, Fault, Floats, LeafLayout, Run, Store } from './engine.js'
import { isKept } from './dropout.js'
import { faultIn } from './fault.js'
import { meanings, type View } from './meanings.js'

class ReferenceStore implements Store {
  constructor(readonly values: Float64Array) {}
  get length(): number {
    return this.values.length
  }
  read(): Float64Array {
    return this.values.slice()
  }
  readInto(values: Floats): void {
    values.set(this.values)
  }
  write(values: ArrayLike<number>, start = 0): void {
    this.values.set(values, start)
  }
  part(start: number, length: number): Store {
    return new ReferenceStore(this.values.subarray(start, start + length))
  }
}

export class ReferenceEngine implements Engine {
  readonly name = 'reference'
  readonly Floats = Float64Array
  readonly threads = 1
  readonly whyOneThread = 'the reference engine has one'
  readonly native = false
  arena = new Float64Array(0)
  readonly #lanes: Engine[]

  constructor(lanes: Engine[] = []) {
    this.#lanes = lanes
    lanes.push(this)
  }

  get memory(): object {
    return this.#lanes
  }

  lane(index: number): Engine {
    return laneOf(this.#lanes, index, () => new ReferenceEngine(this.#lanes))
  }

  runTogether(runs: readonly Run[]): void {
    for (const { executable, bindings } of runs) executable.run(bindings)
  }

  createStore(length: number): Store {
    return new ReferenceStore(new Float64Array(length))
  }

  prepare(program: Program, _leaves: readonly LeafLayout[]): Executable {
    return new ReferenceExecutable(this, program)
  }

  readArena(offset: number, into: Floats): void {
    into.set(this.arena.subarray(offset, offset + into.length))
  }

  writeArena(offset: number, values: ArrayLike<number>): void {
    this.arena.set(values, offset)
  }

  reserveArena(length: number): void {
    if (length <= this.arena.length) return
    const longer = new Float64Array(length)
    longer.set(this.arena)
    this.arena = longer
  }
}

class ReferenceExecutable implements Executable {
  constructor(
    readonly engine: ReferenceEngine,
    readonly program: Program,
  ) {}

  run(bindings: readonly Binding[]): void {
    this.engine.reserveArena(this.program.end)
    for (const { instruction, i, t } of unrolled(this.program.instructions)) this.#execute(instruction, i, t, bindings)
  }

  diagnose(bindings: readonly Binding[]): Fault | undefined {
    this.engine.reserveArena(this.program.end)
    for (const { instruction, i, t } of unrolled(this.program.instructions)) {
      this.#execute(instruction, i, t, bindings)
      const fault = faultIn(
        instruction,
        t,
        (ref) => this.#view(ref, i, t, bindings).at,
        (value) => value,
      )
      if (fault) return fault
    }
    return undefined
  }

  #view(ref: Ref, i: number, t: number, bindings: readonly Binding[]): View {
    const { leaf, offset, rowStride } = offsetAt(ref, i, t)
    const binding = leaf < 0 ? undefined : bindings[leaf]
    const values =
      binding === undefined
        ? this.engine.arena
        : binding.kind === 'store'
          ? (binding.store as ReferenceStore).values
          : binding.values
    const writable = values as Float64Array
    return {
      rows: ref.rows,
      cols: ref.cols,
      values,
      offset,
      rowStride,
      at: (r, c) => values[offset + r * rowStride + c],
      set: (r, c, value) => void (writable[offset + r * rowStride + c] = value),
    }
  }

  #execute(instruction: Block | Kernel, i: number, t: number, bindings: readonly Binding[]): void {
    if (instruction.kind === 'kernel') {
      const inputs = instruction.inputs.map((ref) => this.#view(ref, i, t, bindings))
      meanings[instruction.op](inputs, this.#view(instruction.out, i, t, bindings), instruction.attributes)
    } else this.#executeBlock(instruction, i, t, bindings)
  }

  #executeBlock({ rows, cols, slots, temporaries, code }: Block, i: number, t: number, bindings: readonly Binding[]): void {
    const values = new Float64Array(slots.length + temporaries)
    const views = slots.map((slot) => (slot.kind === 'immediate' ? undefined : this.#view(slot.ref, i, t, bindings)))
    slots.forEach((slot, n) => slot.kind === 'immediate' && (values[n] = slot.value))
    // Operands that an op does not have stand for its first, so that every slot is a number to index with.
    const steps = code.map(({ op, out, operands: [a, b = a, c = a], immediate, first }) => {
      const { meaning } = rowOf(op)
      return { isDropout: op === 'dropout', meaning: meaning!, out, a, b, c, immediate, first }
    })
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) {
        for (let n = 0; n < views.length; n++) {
          const view = views[n]
          if (view) values[n] = view.at(r % view.rows, c % view.cols)
        }
        for (const step of steps) {
          const [a, b, z] = [values[step.a], values[step.b], values[step.c]]
          const value = step.isDropout
            ? isKept(step.first + (t * rows + r) * cols + c, b, step.immediate)
              ? a / (1 - step.immediate)
              : 0
            : step.meaning(a, b, z, step.immediate)
          values[step.out] = value
          views[step.out]?.set(r, c, value)
        }
      }
    }
  }
}
