/** From pairs of sequences to a training. */
import type { Cell } from '../nn/cell.js'
import { planOf } from '../train/train-options.js'
import type { MadeWith } from './label-model.js'
import { learnEncoder, splitSequences } from './label-training.js'
import { encodeAll, inWords } from './model.js'
import { sequencePlan } from './options.js'
import { inputKey, outputTokensOf } from './output-tokens.js'
import { roundedSteps } from './packing.js'
import { PairWindows, type Pair, type PairWindow } from './pair-windows.js'
import { refuseTooLarge, transducerSizes } from './sizes.js'
import { SequenceTraining, type SequenceValidation } from './training.js'
import { ownShareOf, type TransducerConfig, type TransducerOptions } from './transducer-options.js'
import { TransducerRunner } from './transducer-runner.js'
import type { Transducer, TransducedExample } from './transducer.js'

export function transducerTraining(
  make: (config: TransducerConfig, cell: Cell, options: MadeWith) => Transducer,
  examples: readonly TransducedExample[],
  { outputTokens, attention = 'additive', teacherForcing = 1, ...options }: TransducerOptions,
): SequenceTraining<Transducer, PairWindow> {
  const plan = sequencePlan(options)
  const trainPlan = planOf(plan.training)
  const { heldOut: share, seed } = trainPlan.reading
  const { tokens } = plan.config
  const written = outputTokens ?? tokens
  const ownShare = ownShareOf(teacherForcing)
  const writesText = typeof examples[0]?.output === 'string'
  const outputs = examples.map(({ output }, i) => {
    const where = `sequence ${(i + 1).toLocaleString('en-US')}`
    if (typeof output !== 'string' && !(Array.isArray(output) && output.every((token) => typeof token === 'string'))) {
      throw new Error(`${where}: its output is no text, and no list of tokens`)
    }
    if ((typeof output === 'string') !== writesText) {
      throw new Error(
        `${where}: its output is ${writesText ? 'a list' : 'a text'}; must be ${writesText ? 'a text' : 'a list'}, as the others`,
      )
    }
    const all = outputTokensOf(output, written)
    if (all.length === 0) throw new Error(`${where}: its output has no tokens; must have at least one`)
    return all
  })
  const inputs = examples.map(({ input }) => inWords(input, tokens))
  // An input that is there more than once is held out as a whole, or not at all.
  const keys = [...new Set(inputs.map(inputKey))]
  const held = new Set(
    Array.from(
      splitSequences(
        keys.map(() => ''),
        share,
        seed,
      ).heldOut,
      (i) => keys[i],
    ),
  )
  const all = Int32Array.from(inputs.keys())
  const split = {
    training: all.filter((i) => !held.has(inputKey(inputs[i]))),
    heldOut: all.filter((i) => held.has(inputKey(inputs[i]))),
  }
  const encoder = learnEncoder(inputs, split, plan, { ...options, embedding: undefined })
  const names = [...new Set(outputs.flat())].sort()
  const numbers = new Map(names.map((name, i) => [name, i + 1]))
  const longest = outputs.reduce((most, { length }) => Math.max(most, length), 1)
  const config = { ...plan.config, encoder, outputs: names, outputTokens: written, writesText, attention, longest }
  const sources = encodeAll(encoder, inputs, 'characters')
  const most = (of: (i: number) => number): number => split.training.reduce((largest, i) => Math.max(largest, of(i)), 1)
  const longestOutput = roundedSteps(most((i) => outputs[i].length) + 1, 4)
  refuseTooLarge(
    {
      ...plan.config,
      cell: plan.cell,
      tokens: encoder.tokens.length,
      width: encoder.width,
      outputs: names.length + 1,
      attention,
    },
    {
      steps: roundedSteps(
        most((i) => sources[i].length),
        4,
      ),
      batch: Math.min(plan.batch, split.training.length),
      slots: trainPlan.rule.slots.length,
    },
    (parts, steps) => transducerSizes(parts, { steps, written: longestOutput }),
  )
  const model = make(config, plan.cell, { seed, engine: plan.engine })
  const { network } = model
  network.feedsOwn = ownShare !== undefined
  const pairOf = (i: number): Pair => ({
    source: sources[i],
    output: Int32Array.from(outputs[i], (token) => numbers.get(token)!),
  })
  const heldOut = Array.from(split.heldOut, pairOf)
  const batches = new PairWindows(Array.from(split.training, pairOf), { batch: plan.batch, seed, ownShare })
  const runner = new TransducerRunner(network)
  const measure = heldOut.length > 0 ? () => measurePairs(runner, heldOut) : undefined
  return new SequenceTraining<Transducer, PairWindow>(model, network, { batches, plan: trainPlan, measure })
}

/** The loss, and how many tokens are the likeliest, each after the right ones before it. */
function measurePairs(runner: TransducerRunner, pairs: readonly Pair[]): Omit<SequenceValidation, 'best'> {
  const found = runner.along(pairs)
  const predictions = pairs.reduce((sum, { output }) => sum + output.length + 1, 0)
  const loss = -found.reduce((sum, { logProbability }) => sum + logProbability, 0) / predictions
  return { loss, accuracy: found.reduce((sum, { likeliest }) => sum + likeliest, 0) / predictions, predictions }
}
