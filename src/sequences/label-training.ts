/** From sequences with labels to a training. */
import type { Cell } from '../nn/cell.js'
import type { PoolingKind } from '../nn/pooling.js'
import { Labels, stratifiedSplit, type ClassWeights, type Split } from '../series/labels.js'
import { SequenceEncoder, type SequenceInput } from '../series/sequences.js'
import { OptionError } from '../options/option-error.js'
import { planOf } from '../train/train-options.js'
import type { LabelConfig, LabelModel, MadeWith } from './label-model.js'
import { LabelRunner } from './label-runner.js'
import { LabelWindows, type LabelledSequence, type LabelWindow } from './label-windows.js'
import { encodeAll, inWords } from './model.js'
import type { Names } from '../options/known.js'
import { sequenceNames, sequencePlan, type SequenceOptions, type SequencePlan } from './options.js'
import { roundedSteps } from './packing.js'
import { labelSizes, refuseTooLarge } from './sizes.js'
import { SequenceTraining, type SequenceValidation } from './training.js'

export interface LabelTrainingOptions extends SequenceOptions {
  /** What an error on a label weighs: `balanced`, each label as much as the others; or a number for some, 1 for the rest. Default: all alike. */
  classWeights?: ClassWeights
}

export const labelNames: Names<LabelTrainingOptions> = { ...sequenceNames, classWeights: true }

/** A sequence, and its label or those of its steps. */
export interface Labelled {
  readonly input: SequenceInput
  readonly labels: readonly string[]
}

export function labelTraining<M extends LabelModel>(
  make: (config: LabelConfig, cell: Cell, options: MadeWith) => M,
  all: readonly Labelled[],
  { classWeights, ...options }: LabelTrainingOptions,
  pooling: PoolingKind | null,
): SequenceTraining<M, LabelWindow> {
  const plan = sequencePlan(options)
  const trainPlan = planOf(plan.training)
  const { heldOut: share, seed } = trainPlan.reading
  const labels = new Labels(all.flatMap((one) => one.labels))
  const split = splitSequences(pooling === null ? all.map(() => '') : all.map((one) => one.labels[0]), share, seed)
  const inputs = all.map(({ input }) => inWords(input, plan.config.tokens))
  const encoder = learnEncoder(inputs, split, plan, options)
  const encoded = encodeAll(encoder, inputs, 'characters')
  const longest = split.training.reduce((most, i) => Math.max(most, encoded[i].length), 1)
  refuseTooLarge(
    { ...plan.config, cell: plan.cell, tokens: encoder.tokens.length, width: encoder.width, classes: labels.size, pooling },
    { steps: roundedSteps(longest, 16), batch: Math.min(plan.batch, split.training.length), slots: trainPlan.rule.slots.length },
    labelSizes,
  )
  const model = make({ ...plan.config, encoder, labels: labels.names, pooling }, plan.cell, { seed, engine: plan.engine })
  const { network } = model
  const numbered = all.map(({ labels: own }, i): LabelledSequence => {
    const where = `sequence ${(i + 1).toLocaleString('en-US')}`
    return { sequence: encoded[i], labels: Int32Array.from(own, (label) => labels.numberOf(label, where)) }
  })
  const training = Array.from(split.training, (i) => numbered[i])
  const heldOut = Array.from(split.heldOut, (i) => numbered[i])
  if (classWeights !== undefined) {
    const trained = Array.from(split.training, (i) => all[i].labels).flat()
    network.classWeights = labels.weights(trained, classWeights)
  }
  const batches = new LabelWindows(training, { batch: plan.batch, seed, eachStep: pooling === null })
  const runner = new LabelRunner(network)
  const measure = heldOut.length > 0 ? () => measureLabels(runner, heldOut) : undefined
  return new SequenceTraining<M, LabelWindow>(model, network, { batches, plan: trainPlan, measure })
}

/** Holds out a share of the sequences of each kind; none where that is 0. */
export function splitSequences(kinds: readonly string[], share: number, seed: number): Split {
  if (share > 0) return stratifiedSplit(kinds, share, seed)
  return { training: Int32Array.from(kinds.keys()), heldOut: new Int32Array(0) }
}

/** What sequences are made of, from those that are trained on. */
export function learnEncoder(
  inputs: readonly SequenceInput[],
  { training }: Split,
  { scaling, config }: Pick<SequencePlan, 'scaling' | 'config'>,
  options: SequenceOptions,
): SequenceEncoder {
  // All of them first, so that what is wrong is named by its place among all.
  SequenceEncoder.learn(inputs, { scaling })
  const encoder = SequenceEncoder.learn(
    Array.from(training, (i) => inputs[i]),
    { scaling },
  )
  if (scaling !== undefined && encoder.scalings.length === 0) {
    throw new OptionError('scaling', `'${scaling}'; these sequences have no numbers`)
  }
  for (const name of ['embedding', 'tokens'] as const) {
    if (options[name] !== undefined && encoder.tokens.length === 0) {
      throw new OptionError(name, `${JSON.stringify(config[name])}; these sequences have no tokens`)
    }
  }
  return encoder
}

/** The loss, weighted as in training, and how many labels are right. */
function measureLabels(runner: LabelRunner, sequences: readonly LabelledSequence[]): Omit<SequenceValidation, 'best'> {
  const { classes, classWeights } = runner.network
  const rows = runner.run(sequences.map(({ sequence }) => sequence))
  let [loss, right, predictions] = [0, 0, 0]
  sequences.forEach(({ labels }, i) => {
    const { logProbabilities } = rows[i]
    labels.forEach((label, row) => {
      const own = logProbabilities.subarray(row * classes, (row + 1) * classes)
      loss -= own[label] * (classWeights?.[label] ?? 1)
      right += Number(own.every((value, c) => (c < label ? value < own[label] : value <= own[label])))
      predictions++
    })
  })
  return { loss: loss / predictions, accuracy: right / predictions, predictions }
}
