/** What a step of each task takes, in measures that do not depend on the machine's mood; and what it may take. */
import { createEngine, type Engine } from 'unrolled'
import type { Block, Kernel } from '../src/compile/program.js'
import type { Running } from './measure.js'
import { watch, type Prepared } from './watch.js'

/** Of what a step runs. */
export interface Counts {
  /** What the interpreter goes through. */
  readonly records: number
  /** Lines of the programs as they are printed, a loop's body once. */
  readonly instructions: number
  /** Words of memory that the programs take. */
  readonly words: number
  /** Bytes of the arenas, packed weights among them. */
  readonly arena: number
  /** Matrices and inputs that the programs read and write. */
  readonly leaves: number
}

export type Budget = Readonly<Record<string, Counts>>

/** Counts without running anything: every value stays zero. On plain kernels, whose programs are those of relaxed ones. */
export function countsOf(start: (engine: Engine) => Running): Counts {
  const { step } = watch(createEngine({ kernels: 'plain' }), start, false)
  step()
  const ran = step()
  const sumOf = (measure: (prepared: Prepared) => number): number => ran.reduce((sum, one) => sum + measure(one), 0)
  const arenas = new Map<Engine, number>()
  for (const { lane, image } of ran) arenas.set(lane, Math.max(arenas.get(lane) ?? 0, image.arenaEnd))
  const lines = (instruction: Block | Kernel): number => (instruction.kind === 'kernel' ? 1 : instruction.code.length)
  return {
    records: sumOf(({ image }) => image.recordCount),
    instructions: sumOf(({ program }) =>
      program.instructions
        .flatMap((one) => (one.kind === 'loop' ? one.body : [one]))
        .reduce((sum, instruction) => sum + lines(instruction), 0),
    ),
    words: sumOf(({ image }) => image.words.length),
    arena: [...arenas.values()].reduce((sum, end) => sum + 4 * end, 0),
    leaves: sumOf(({ image }) => [...image.relocations.keys()].filter((slot) => slot >= 0).length),
  }
}

/** How far below its budget a measure may be before the budget has to follow. */
const slack = 0.02

/** What does not fit: a sentence each, and none where all is well. */
export function complaints(counts: Budget, budget: Budget): string[] {
  const gone = Object.keys(budget).filter((task) => !(task in counts))
  return [
    ...gone.map((task) => `${task}: there is a budget, and no such task`),
    ...Object.entries(counts).flatMap(([task, own]) => {
      const allowed = budget[task]
      if (!allowed) return [`${task}: has no budget`]
      return Object.entries(own).flatMap(([name, count]) => {
        const limit = allowed[name as keyof Counts]
        const both = `${task}: ${name} ${count.toLocaleString('en')}, budget ${limit.toLocaleString('en')}`
        if (count > limit) return [`${both}; is above it`]
        return count < (1 - slack) * limit ? [`${both}; is below it, so the budget can be lowered`] : []
      })
    }),
  ]
}
