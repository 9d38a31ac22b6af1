/** Update rules: how a gradient changes a weight. Each is its equations; the compiler makes one pass over memory of them. */
import type { Graph } from '../graph/graph.js'
import type { Operand, Value } from '../graph/value.js'
import { powerFromLowestBit } from './power.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** What a rule sees of one parameter at one step. All but the scalars have the parameter's shape. */
export interface UpdateContext {
  readonly weight: Operand
  /** The gradient as `backward` left it. */
  readonly raw: Operand
  /** The gradient after clipping. */
  readonly clipped: Operand
  /** The parameter's L2 coefficient; 0 for none. */
  readonly l2: number
  /** The learning rate, [1, 1]. */
  readonly rate: Operand
  /** The same, negative: a product with it and a sum are one instruction. */
  readonly descent: Operand
  /** What the rule remembers of the parameter, by name; zeros at the start. */
  readonly slots: Readonly<Record<string, Operand>>
  /** The numbers of `scalars`, each [1, 1]. */
  readonly scalars: Readonly<Record<string, Operand>>
}

export interface Rule {
  readonly name: string
  /** What is remembered for each parameter, each of its shape. */
  readonly slots: readonly string[]
  /**
   * Whether an element without a gradient stays as it is, and what is remembered of it too: then rows of a table that were not looked up
   * are left alone, which saves most of the work where a vocabulary is large. Default false.
   */
  readonly leavesStill?: boolean
  /** Numbers that change from step to step (from 1). */
  scalars?(step: number): Record<string, number>
  update(g: Graph, context: UpdateContext): Update
}

/** The next weight, and the next of whatever is remembered. */
export interface Update {
  weight: Value
  slots?: Record<string, Value>
}

/** The clipped gradient with that of ½·l2·‖w‖² added. */
const decayed = (g: Graph, { weight, clipped, l2 }: UpdateContext): Operand =>
  l2 === 0 ? clipped : g.add(clipped, g.mul(weight, l2))

/** decay·average + (1 − decay)·value */
const averaged = (g: Graph, average: Operand, value: Operand, decay: number): Value =>
  g.add(g.mul(average, decay), g.mul(value, 1 - decay))

/** √(a + ε) or √a + ε */
const root = (g: Graph, a: Operand, epsilon: number, within: boolean): Value =>
  within ? g.sqrt(g.add(a, epsilon)) : g.add(g.sqrt(a), epsilon)

/** w − rate·direction */
const stepped = (g: Graph, { weight, descent }: UpdateContext, direction: Operand): Value =>
  g.add(weight, g.mul(direction, descent))

const inUnitRange = (name: string, value: number): void => {
  if (!(value >= 0 && value < 1)) throw new OptionError(name, `${value}; must be in [0, 1)`)
}
const positive = (name: string, value: number): void => {
  if (!(value > 0 && value < Infinity)) throw new OptionError(name, `${value}; must be a positive number`)
}

/**
 * Stochastic gradient descent: v = momentum·v + g; w −= rate·v.
 *
 * @param options.momentum in [0, 1); default 0
 */
export function sgd(options: { momentum?: number } = {}): Rule {
  refuseUnknown('sgd', options, { momentum: true })
  const { momentum = 0 } = options
  inUnitRange('momentum', momentum)
  return {
    name: 'sgd',
    slots: momentum === 0 ? [] : ['velocity'],
    leavesStill: momentum === 0,
    update(g, context) {
      const gradient = decayed(g, context)
      if (momentum === 0) return { weight: stepped(g, context, gradient) }
      const velocity = g.add(g.mul(context.slots.velocity, momentum), gradient)
      return { weight: stepped(g, context, velocity), slots: { velocity } }
    },
  }
}

interface RootOptions {
  /** Added to keep from dividing by zero. */
  epsilon?: number
  /** Whether epsilon is added within the root or to it. Default false: to it. */
  epsilonWithinRoot?: boolean
}

const rootNames: Names<RootOptions> = { epsilon: true, epsilonWithinRoot: true }

/**
 * Adagrad (Duchi et al. 2011): c += g²; w −= rate·g / (√c + ε).
 *
 * @param options.epsilon default 1e-10
 */
export function adagrad(options: RootOptions = {}): Rule {
  refuseUnknown('adagrad', options, rootNames)
  const { epsilon = 1e-10, epsilonWithinRoot = false } = options
  positive('epsilon', epsilon)
  return {
    name: 'adagrad',
    slots: ['squares'],
    leavesStill: true,
    update(g, context) {
      const gradient = decayed(g, context)
      const squares = g.add(context.slots.squares, g.square(gradient))
      return { weight: stepped(g, context, g.div(gradient, root(g, squares, epsilon, epsilonWithinRoot))), slots: { squares } }
    },
  }
}

/**
 * RMSProp (Hinton 2012): c = decay·c + (1 − decay)·g²; w −= rate·g / (√c + ε).
 *
 * @param options.decay default 0.99
 * @param options.epsilon default 1e-8
 * @param options.centred divide by the deviation rather than the root mean square (Graves 2013); default false
 */
export function rmsprop(options: RootOptions & { decay?: number; centred?: boolean } = {}): Rule {
  refuseUnknown('rmsprop', options, { ...rootNames, decay: true, centred: true })
  const { decay = 0.99, epsilon = 1e-8, epsilonWithinRoot = false, centred = false } = options
  inUnitRange('decay', decay)
  positive('epsilon', epsilon)
  return {
    name: 'rmsprop',
    slots: centred ? ['squares', 'mean'] : ['squares'],
    update(g, context): Update {
      const gradient = decayed(g, context)
      const squares = averaged(g, context.slots.squares, g.square(gradient), decay)
      if (!centred) {
        return { weight: stepped(g, context, g.div(gradient, root(g, squares, epsilon, epsilonWithinRoot))), slots: { squares } }
      }
      const mean = averaged(g, context.slots.mean, gradient, decay)
      // Rounding can make the variance of a constant gradient negative.
      const variance = g.max(g.sub(squares, g.square(mean)), 0)
      return {
        weight: stepped(g, context, g.div(gradient, root(g, variance, epsilon, epsilonWithinRoot))),
        slots: { squares, mean },
      }
    },
  }
}

/**
 * RMSProp in RecurrentJS's order: the average takes the gradient as it is, then the gradient is clipped, then
 * w −= rate·g / √(c + ε) + l2·w.
 *
 * @param options.decay default 0.999
 * @param options.epsilon default 1e-8
 */
export function recurrentjsRmsprop(options: { decay?: number; epsilon?: number } = {}): Rule {
  refuseUnknown('recurrentjsRmsprop', options, { decay: true, epsilon: true })
  const { decay = 0.999, epsilon = 1e-8 } = options
  inUnitRange('decay', decay)
  positive('epsilon', epsilon)
  return {
    name: 'recurrentjs-rmsprop',
    slots: ['squares'],
    update(g, { weight, raw, clipped, l2, descent, slots }) {
      const squares = g.add(g.mul(slots.squares, decay), g.mul(g.mul(raw, 1 - decay), raw))
      const step = g.div(g.mul(clipped, descent), g.sqrt(g.add(squares, epsilon)))
      return { weight: g.add(weight, l2 === 0 ? step : g.sub(step, g.mul(weight, l2))), slots: { squares } }
    },
  }
}

interface AdamOptions {
  /** Decay of the first moment; default 0.9. */
  beta1?: number
  /** Decay of the second moment; default 0.999. */
  beta2?: number
  /** Default 1e-8. */
  epsilon?: number
}

const adamNames: Names<AdamOptions> = { beta1: true, beta2: true, epsilon: true }

/** Adam (Kingma & Ba 2015). An L2 coefficient adds to the gradient. */
export function adam(options: AdamOptions = {}): Rule {
  refuseUnknown('adam', options, adamNames)
  return { ...adamLike(options, (_, { weight }) => weight), name: 'adam' }
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019): besides the step, w −= rate·weightDecay·w.
 *
 * @param options.weightDecay default 0.01
 */
export function adamw(all: AdamOptions & { weightDecay?: number } = {}): Rule {
  refuseUnknown('adamw', all, { ...adamNames, weightDecay: true })
  const { weightDecay = 0.01, ...options } = all
  if (!(weightDecay >= 0)) throw new OptionError('weightDecay', `${weightDecay}; must be 0 or more`)
  const shrunk = (g: Graph, { weight, rate }: UpdateContext): Operand => g.sub(weight, g.mul(g.mul(weight, rate), weightDecay))
  return { ...adamLike(options, shrunk), name: 'adamw' }
}

function adamLike(
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  weightOf: (g: Graph, context: UpdateContext) => Operand,
): Omit<Rule, 'name'> {
  inUnitRange('beta1', beta1)
  inUnitRange('beta2', beta2)
  positive('epsilon', epsilon)
  return {
    slots: ['first', 'second'],
    scalars: (step) => ({
      unbias1: 1 / (1 - powerFromLowestBit(beta1, step)),
      unbias2: 1 / (1 - powerFromLowestBit(beta2, step)),
    }),
    update(g, context) {
      const gradient = decayed(g, context)
      const first = averaged(g, context.slots.first, gradient, beta1)
      const second = averaged(g, context.slots.second, g.square(gradient), beta2)
      const { unbias1, unbias2 } = context.scalars
      const direction = g.div(g.mul(first, unbias1), g.add(g.sqrt(g.mul(second, unbias2)), epsilon))
      return { weight: stepped(g, { ...context, weight: weightOf(g, context) }, direction), slots: { first, second } }
    },
  }
}
