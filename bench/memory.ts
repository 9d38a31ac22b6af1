/** How much memory a task takes, beside what it cannot do without. */
import type { Engine } from 'unrolled'
import { offsetAt, unrolled, type Block, type Kernel, type Program, type Ref } from '../src/compile/program.js'
import type { Running } from './measure.js'
import { watch, type Kernels } from './watch.js'

const floatBytes = 4

/** All in bytes. */
export interface MemoryReport {
  /** What the forward pass has computed and the backward pass reads. */
  readonly saved: number
  readonly weights: number
  /** A set of them for each shard. */
  readonly gradients: number
  /** What the optimizer remembers of each weight. */
  readonly optimizer: number
  /** The sum of these. */
  readonly needed: number
  /** Arenas of all lanes, with packed weights. */
  readonly arena: number
  /** All that is in use in the engine's memory: arenas, matrices, programs, inputs. */
  readonly used: number
  /** `used` by `needed`. */
  readonly ratio: number
  /** The engine's memory, which grows in large steps. */
  readonly memory: number
  /** What the process held before there was anything to train, and at most since; Node and V8 among it. */
  readonly process: { readonly before: number; readonly peak: number }
}

/** @param runs whether the steps are really taken: see `watch` */
export function measureMemory(engine: Engine, start: (engine: Engine) => Running, runs = true): MemoryReport {
  const before = process.memoryUsage.rss()
  const { running, step } = watch(engine, start, runs)
  const ran = [...new Set([...step(), ...step()])]
  const { parameters, shards = 1, slots = 0, learns } = running
  const saved = learns ? ran.reduce((sum, { program }) => sum + savedBy(program), 0) * floatBytes : 0
  const arenas = new Map<Engine, number>()
  for (const { lane, image } of ran) arenas.set(lane, Math.max(arenas.get(lane) ?? 0, image.arenaEnd))
  const weights = parameters * floatBytes
  const [gradients, optimizer] = [learns ? shards * weights : 0, slots * weights]
  const needed = saved + weights + gradients + optimizer
  const { used, memory } = (engine as Kernels).heap
  return {
    saved,
    weights,
    gradients,
    optimizer,
    needed,
    arena: [...arenas.values()].reduce((sum, end) => sum + end, 0) * floatBytes,
    used,
    ratio: used / needed,
    memory: memory.buffer.byteLength,
    process: { before, peak: process.resourceUsage().maxRSS * 1024 },
  }
}

/** How many floats of the arena hold, when the loss is there, what is read after that. 0 for a program without a loss. */
export function savedBy(program: Program): number {
  const loss = program.outputs.find(({ leaf, rows, cols }) => leaf < 0 && rows === 1 && cols === 1)
  if (!loss) return 0
  const all = [...unrolled(program.instructions)]
  const turn = all.findLastIndex(({ instruction }) =>
    written(instruction).some((ref) => ref.leaf < 0 && ref.offset === loss.offset),
  )
  // A gradient has to follow.
  if (turn === all.length - 1) return 0
  const isRead = new Uint8Array(program.end)
  const mark = (ref: Ref, i: number, t: number, value: 0 | 1): void => {
    const { leaf, offset, rowStride } = offsetAt(ref, i, t)
    if (leaf >= 0) return
    for (let r = 0; r < ref.rows; r++) isRead.fill(value, offset + r * rowStride, offset + r * rowStride + ref.cols)
  }
  for (const { instruction, i, t } of all.slice(turn + 1).reverse()) {
    for (const ref of written(instruction)) mark(ref, i, t, 0)
    for (const ref of read(instruction)) mark(ref, i, t, 1)
  }
  let count = 0
  for (const one of isRead) count += one
  return count
}

function written(instruction: Block | Kernel): Ref[] {
  if (instruction.kind === 'kernel') return [instruction.out]
  return instruction.code.flatMap(({ out }) => refOf(instruction, out))
}

function read(instruction: Block | Kernel): readonly Ref[] {
  if (instruction.kind === 'kernel') return instruction.inputs
  // What an earlier instruction of the same pass has written is not read from before it.
  const own = new Set<number>()
  return instruction.code.flatMap(({ operands, out }) => {
    const refs = operands.filter((slot) => !own.has(slot)).flatMap((slot) => refOf(instruction, slot))
    own.add(out)
    return refs
  })
}

function refOf({ slots }: Block, slot: number): Ref[] {
  const found = slots[slot]
  return found && found.kind !== 'immediate' ? [found.ref] : []
}
