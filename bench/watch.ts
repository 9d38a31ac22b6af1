/** What an engine is given to run, seen from outside: which programs, how many records of them a step runs, and in which lane. */
import type { Engine } from 'unrolled'
import type { Program } from '../src/compile/program.js'
import type { Running } from './measure.js'

/** What the wasm engine has besides what every engine has. */
export interface Kernels extends Engine {
  readonly heap: { readonly used: number; readonly memory: { readonly buffer: { readonly byteLength: number } } }
  execute(first: number, end: number, native: readonly number[]): void
}

interface Image {
  readonly words: Int32Array
  readonly recordCount: number
  readonly relocations: ReadonlyMap<number, readonly number[]>
  /** In floats, with what the lowering added. */
  readonly arenaEnd: number
}

export interface Prepared {
  readonly lane: Engine
  readonly program: Program
  readonly image: Image
}

/** The programs that a step runs, each as often as it does. */
export type Watched = readonly Prepared[]

/**
 * Makes what is watched, on an engine that runs it or only seems to, and tells what its steps run.
 *
 * @param start makes it, on this engine
 * @param runs whether the kernels run. Otherwise all values stay zero, which takes no time. Default true
 */
export function watch(engine: Engine, start: (engine: Engine) => Running, runs = true): { running: Running; step(): Watched } {
  const byRecord = new Map<number, Prepared>()
  let ran: Prepared[] = []
  const lane = engine.lane.bind(engine)
  const seen = new Set<Engine>()
  const seeing = (one: Engine): Engine => {
    if (seen.has(one)) return one
    seen.add(one)
    const kernels = one as Kernels
    const [prepare, execute] = [one.prepare.bind(one), kernels.execute.bind(kernels)]
    const fresh: Prepared[] = []
    one.prepare = (program, leaves) => {
      const executable = prepare(program, leaves)
      fresh.push({ lane: one, program, image: (executable as unknown as { image: Image }).image })
      return executable
    }
    kernels.execute = (first, end, native) => {
      // Whose records these are shows when they are run for the first time: right after they were made.
      let prepared = byRecord.get(first)
      if (!prepared)
        byRecord.set(first, (prepared = fresh.findLast(({ image }) => image.recordCount * recordBytes === end - first)!))
      ran.push(prepared)
      if (runs) execute(first, end, native)
    }
    return one
  }
  engine.lane = (index) => seeing(index === 0 ? engine : lane(index))
  seeing(engine)
  const running = start(engine)
  return {
    running,
    step() {
      ran = []
      running.step()
      return ran
    },
  }
}

const recordBytes = 64
