/** RecurrentJS's solver: RMSProp with a cache of squares, values clipped, all of it one graph that is run at each step. */
import { Graph } from '../graph/graph.js'
import type { Input, Operand, Value } from '../graph/value.js'
import { callable } from './callable.js'
import { Mat } from './mat.js'
import type { Model } from './networks.js'

/** A step as a graph, for the Mats that it was recorded for. */
interface Step {
  /** Of each Mat and of what is cached of it. */
  readonly ids: readonly number[]
  readonly graph: Graph
  readonly scalars: Readonly<Record<Scalar, Input>>
  readonly clipped: Value
}

type Scalar = 'step_size' | 'regc' | 'clipval' | 'decay_rate' | 'rest' | 'smooth_eps'

/** An object of Mats, of a type of its own or not. */
type Mats<M> = { readonly [Name in keyof M]: Mat }

class RmsPropSolver {
  /** How much of the cache a step keeps. */
  decay_rate = 0.999
  /** Added to the cache, within the root. */
  smooth_eps = 1e-8
  /** The running mean of squared gradients, by the name that the model has for its Mat. */
  step_cache: Model = {}
  #step: Step | undefined

  /**
   * For each Mat of the model: cache = decay_rate·cache + (1 − decay_rate)·dw², then dw is limited to ±clipval, then
   * w −= step_size·dw / √(cache + smooth_eps) + regc·w, then dw = 0.
   *
   * @param clipval default: no limit
   * @returns the share of the numbers that were beyond ±clipval
   * Errors: an argument is not a number, or clipval is negative.
   */
  step<M extends Mats<M>>(model: M, step_size: number, regc: number, clipval = Infinity): { ratio_clipped: number } {
    for (const [name, value] of Object.entries({ step_size, regc, clipval })) {
      if (typeof value !== 'number' || Number.isNaN(value)) throw new Error(`${name}: ${String(value)}; must be a number`)
    }
    if (!(clipval >= 0)) throw new Error(`clipval: ${clipval}; must be 0 or more`)
    const entries = Object.entries<Mat>(model)
    if (entries.length === 0) throw new Error('step: the model has no Mats; it must have at least one')
    const mats: Mat[] = []
    for (const [name, mat] of entries) {
      const cache = (this.step_cache[name] ??= new Mat(mat.n, mat.d, mat.engine))
      if (cache.n !== mat.n || cache.d !== mat.d) {
        throw new Error(`step: ${name} is ${mat}, and was ${cache} in earlier steps; a solver keeps a cache by name`)
      }
      mats.push(mat, cache)
    }
    for (const mat of mats) {
      mat.closeReader()
      mat.reside()
      mat.upload()
    }
    for (let i = 0; i < mats.length; i += 2) mats[i].uploadGradient()
    const step = this.#stepOf(mats)
    const { decay_rate, smooth_eps } = this
    const numbers: Record<Scalar, number> = { step_size, regc, clipval, decay_rate, rest: 1 - decay_rate, smooth_eps }
    for (const name of Object.keys(numbers) as Scalar[]) step.scalars[name].set([numbers[name]])
    step.graph.run()
    const size = entries.reduce((sum, [, { n, d }]) => sum + n * d, 0)
    for (const mat of mats) mat.afterStep()
    return { ratio_clipped: step.clipped.read()[0] / size }
  }

  #stepOf(mats: readonly Mat[]): Step {
    const last = this.#step
    if (last && last.ids.length === mats.length && mats.every(({ residence }, i) => residence!.id === last.ids[i])) return last
    return (this.#step = record(mats))
  }
}

function record(mats: readonly Mat[]): Step {
  const g = new Graph({ engine: mats[0].engine, values: 'kept' })
  const names: readonly Scalar[] = ['step_size', 'regc', 'clipval', 'decay_rate', 'rest', 'smooth_eps']
  const scalars = Object.fromEntries(names.map((name) => [name, g.input(1, 1)])) as Record<Scalar, Input>
  const counts: Value[] = []
  for (let i = 0; i < mats.length; i += 2) {
    const w = mats[i].residence!.matrix
    const squares = mats[i + 1].residence!.matrix
    const dw: Operand = w.grad
    const cache = g.add(g.mul(squares, scalars.decay_rate), g.mul(g.mul(dw, scalars.rest), dw))
    const clipped = g.max(g.min(dw, scalars.clipval), g.neg(scalars.clipval))
    counts.push(g.sum(g.greater(g.abs(dw), scalars.clipval)))
    const step = g.div(g.mul(clipped, scalars.step_size), g.sqrt(g.add(cache, scalars.smooth_eps)))
    g.assign(w, g.sub(w, g.add(step, g.mul(w, scalars.regc))))
    g.assign(squares, cache)
  }
  const clipped = g.keep(counts.reduce((sum, count) => g.add(sum, count)))
  return { ids: mats.map(({ residence }) => residence!.id), graph: g, scalars, clipped }
}

/** RMSProp as RecurrentJS has it. With `new` or without. */
export const Solver = callable<[], RmsPropSolver>(RmsPropSolver)
export type Solver = RmsPropSolver
