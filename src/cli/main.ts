#!/usr/bin/env node
/** The command `unrolled`. Standard output carries what was asked for; everything else goes to standard error. */
import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError, Option } from 'commander'
import { allowRelaxedSimd } from './flags.js'
import { runGenerate, type GenerateFlags } from './generate.js'
import { runTrain, type TrainFlags } from './train.js'

const whole = (least: number) => (text: string) => {
  const value = text.trim() === '' ? NaN : Number(text)
  if (!Number.isSafeInteger(value) || value < least) throw new InvalidArgumentError(`must be a whole number, ${least} or more.`)
  return value
}
const positive = (text: string): number => {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('must be a positive number.')
  return value
}
const number = (least: number, below: number) => (text: string) => {
  const value = text.trim() === '' ? NaN : Number(text)
  if (!(value >= least && value < below)) {
    throw new InvalidArgumentError(`must be a number from ${least}${below === Infinity ? '' : ` to below ${below}`}.`)
  }
  return value
}

const kernels = (): Option =>
  new Option('--kernels <build>', 'relaxed: fastest; plain: the same bits everywhere; reference: float64').choices([
    'relaxed',
    'plain',
    'reference',
  ])

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
const flag = allowRelaxedSimd()

const program = new Command('unrolled')
  .description('Recurrent networks in TypeScript: train one on a text, and let it write.')
  .version(version)
  .showSuggestionAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

program
  .command('train')
  .description('train a character model')
  .option('--text <file>', 'a UTF-8 text; default: Moby Dick, where it is installed')
  .addOption(
    new Option('--from <model>', 'a model that train saved, to train on').conflicts([
      'cell',
      'hidden',
      'layers',
      'embedding',
      'dropout',
    ]),
  )
  .option('--out <file>', 'where to save the model', 'runs/model.safetensors')
  .addOption(
    new Option('--cell <cell>', 'which cell').choices(['lstm', 'gru', 'gru-reset-before', 'rnn', 'rnn-relu']).default('lstm'),
  )
  .option('--hidden <units>', 'units of each layer', whole(1), 128)
  .option('--layers <count>', 'layers', whole(1), 2)
  .option('--embedding <width>', 'numbers that stand for a character; default: 64, with --tied as many as hidden', whole(1))
  .option('--tied', 'the output layer uses the weights of the embedding')
  .option('--dropout <share>', 'share zeroed between layers', number(0, 1), 0)
  .option('--steps <count>', 'steps to train', whole(1), 2400)
  .option('--streams <count>', 'streams read side by side', whole(1), 16)
  .option('--window <steps>', 'steps through which gradients flow', whole(1), 64)
  .option('--reach <steps>', 'earlier steps that a loss reaches back to; default: all of its window', whole(0))
  .option('--rate <rate>', 'peak learning rate of a cosine schedule', positive, 0.005)
  .option('--clip <norm>', 'largest norm of the gradient', positive, 1)
  .option('--seed <seed>', 'seed of weights, dropout and samples', whole(0), 1)
  .addOption(kernels())
  .action((flags: TrainFlags) => runTrain(flags, flag))

program
  .command('generate')
  .description('let a model write')
  .argument('[model]', 'a model that train saved', 'runs/model.safetensors')
  .option('--prompt <text>', 'what to continue')
  .option('--length <count>', 'characters to write', whole(0), 500)
  .option(
    '--temperature <value>',
    'below 1 more cautious, above 1 more daring, 0 always the most likely',
    number(0, Infinity),
    0.7,
  )
  .option('--seed <seed>', 'seed of the sample', whole(0), 1)
  .addOption(kernels())
  .action((model: string, flags: GenerateFlags) => runGenerate(model, flags))

// Whoever reads may have read enough: `unrolled generate | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`unrolled: ${(error as Error).message}\n`)
  process.exitCode = 1
}
