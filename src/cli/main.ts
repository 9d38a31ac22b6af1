#!/usr/bin/env node
/** The command `unrolled`. Standard output carries what was asked for; everything else goes to standard error. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { applyConfigFile, UsageError } from './config-file.js'
import { withDocumentOptions, withTokenOptions, type DocumentFlags } from './corpus.js'
import { runEvaluate, type EvaluateFlags } from './evaluate.js'
import { runExport, type ExportFlags } from './export.js'
import { allowRelaxedSimd } from './flags.js'
import { underFlag } from './flag-names.js'
import { runGenerate, type GenerateFlags } from './generate.js'
import { runImport, type ImportFlags } from './import.js'
import { runInspect } from './inspect.js'
import { runScore, type ScoreFlags } from './score.js'
import { runResume, runTrain, type ResumeFlags, type TrainFlags } from './train.js'
import { choice, number, positive, several, share, whole } from './values.js'

/** The exit codes; what was stopped by the user ends with 130. */
const [failed, wrongUse] = [1, 2]

const kernels = (): Option =>
  choice(
    '--kernels <build>',
    'relaxed: fastest; plain: the same bits everywhere; reference: float64; default: the fastest that runs here',
    ['relaxed', 'plain', 'reference'],
  )

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
const flag = allowRelaxedSimd()

const program = new Command('unrolled')
  .description('Recurrent networks in TypeScript: train one on a text, and let it write.')
  .version(version)
  .showSuggestionAfterError()
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : wrongUse))

/** How texts are read for a model that is there. */
const likeTheModels = "as the model's own texts were read"

/** The limits that a run can be given, and given anew. */
const withLimits = (command: Command): Command =>
  command
    .option('--epochs <n>', 'how often to read the text', positive)
    .option('--minutes <n>', 'how long to train, validations left out', positive)
    .option('--loss <nats>', 'train until the held-out loss is at most this', positive)
    .option('--patience <n>', 'end after so many validations without a better one', whole(1))

const train = program
  .command('train')
  .description('train a model on text, and keep all of it in a folder')
  .argument('[files...]', 'UTF-8 texts, one after another; - is standard input; default: Moby Dick, where it is installed')
  .option('--config <file>', 'a JSON file with these options; flags win')
  .option('--out <folder>', 'where the run is kept; default: runs/1, or the next number that is free')
  .option('--resume <folder>', 'go on with a run exactly where it stopped, as the command resume does')
  .option('--from <model>', 'begin with the weights of this model, or run, and its vocabulary')
withDocumentOptions(train, "one stream of text; with --from, as the model's texts were read")
withTokenOptions(train)
train
  .addOption(choice('--cell <cell>', 'which cell', ['lstm', 'gru', 'gru-reset-before', 'rnn', 'rnn-relu']).default('lstm'))
  .option('--hidden <units>', 'units of each layer', whole(1), 128)
  .option('--layers <n>', 'layers', whole(1), 2)
  .option('--embedding <width>', 'numbers that stand for a token; default: 64, with --tied as many as hidden', whole(1))
  .option('--tied', 'the output layer uses the weights of the embedding')
  .option('--dropout <share>', 'share zeroed between layers', number(0, 1), 0)
  .option('--steps <n>', 'steps to train; default: 2400, where nothing else ends it', whole(1))
withLimits(train)
  .option(
    '--streams <n>',
    'parts of the text, or documents, read side by side; default: 16, fewer where the text is short',
    whole(1),
  )
  .option('--window <steps>', 'steps through which gradients flow', whole(1), 64)
  .option('--reach <steps>', 'earlier steps that a loss reaches back to; default: all of its window', whole(0))
  .addOption(
    choice('--optimizer <name>', 'how gradients change weights', ['adam', 'adamw', 'rmsprop', 'adagrad', 'sgd']).default('adam'),
  )
  .option('--rate <rate>', 'learning rate; the highest one of a schedule', positive, 0.005)
  .addOption(
    choice('--schedule <name>', 'how the rate changes; default: cosine, constant where the number of steps is not known', [
      'cosine',
      'constant',
      'halve-on-rise',
    ]),
  )
  .option('--clip <norm>', 'largest norm of the gradient', positive, 1)
  .option('--clip-value <size>', 'largest size of each element of the gradient; default: any', positive)
  .option('--l2 <weight>', 'weight of the squared weights in the loss', number(0), 0)
  .option('--held-out <share>', 'share of the text, or of the documents, that is never trained on', number(0, 1), 0.05)
  .option('--validation-tokens <n>', 'held-out tokens that a validation measures; at the end it is all; default: all', whole(1))
  .option('--validate-every <steps>', 'steps between validations; default: a tenth of all', whole(1))
  .option('--checkpoint-every <steps>', 'steps between checkpoints; default: a twentieth of all, at most 500', whole(1))
  .option('--keep <n>', 'checkpoints that are kept, the newest', whole(2), 3)
  .option('--log-every <steps>', 'steps between lines of the log; default: a thousandth of all', whole(1))
  .option('--sample-length <n>', 'tokens of the sample at each validation', whole(0), 200)
  .option('--sample-temperature <value>', 'its temperature', number(0), 0.7)
  .option(
    '--retries <n>',
    'how often to go back from a loss that is not a number, or explodes, with half the rate; 0: never',
    whole(0),
    3,
  )
  .option('--seed <seed>', 'seed of weights, dropout, samples and the choice of documents', whole(0), 1)
  .addOption(kernels())
  .option('--json', 'the log on standard output, a JSON line each')
  .action(async (files: string[], flags: TrainFlags & { config?: string; resume?: string }) => {
    if (flags.config !== undefined) applyConfigFile(train, flags.config)
    // What nobody said is left to the library, whose defaults are those that --help shows: so a run knows what was asked for.
    const { config: _config, resume: folder, ...options } = given<TrainFlags & { config?: string; resume?: string }>(train)
    if (options.from !== undefined)
      refuse(
        train,
        ['cell', 'hidden', 'layers', 'embedding', 'tied', 'dropout', 'tokens', 'lowerCase', 'minCount', 'vocabulary', 'unknown'],
        '--from has its own',
      )
    if (folder === undefined) return runTrain(files, options, flag)
    if (files.length > 0) throw new UsageError(`${files[0]}: with --resume, the run has its text already`)
    const allowed = new Set(['resume', 'config', 'steps', 'epochs', 'minutes', 'loss', 'patience', 'keep', 'kernels', 'json'])
    refuse(
      train,
      train.options.map((option) => option.attributeName()).filter((name) => !allowed.has(name)),
      'the run to resume has its own',
    )
    return runResume(folder, options, flag)
  })

const resume = program
  .command('resume')
  .description('go on with a run exactly where it stopped')
  .argument('<folder>', 'the folder of the run')
  .option('--steps <n>', 'steps in all; default: as before', whole(1))
withLimits(resume)
  .option('--keep <n>', 'checkpoints that are kept, the newest; default: as before', whole(2))
  .addOption(kernels())
  .option('--json', 'the log on standard output, a JSON line each')
  .action((folder: string, flags: ResumeFlags) => runResume(folder, flags, flag))

program
  .command('generate')
  .description('let a model write')
  .argument('[model]', "a model's file, or the folder of a run; default: the newest run in runs/")
  .option('--prompt <text>', 'what to continue', '')
  .option('--length <n>', 'tokens to write at most', whole(0), 500)
  .option('--temperature <value>', 'below 1 more cautious, above 1 more daring, 0 always the most likely', number(0), 0.7)
  .option('--top-k <n>', 'draw from so many tokens, the most likely ones; default: all', whole(1))
  .option('--top-p <share>', 'draw from the fewest tokens that together have this probability', share(true), 1)
  .option('--min-p <share>', 'draw from tokens at least so many times as likely as the most likely one', share(false), 0)
  .option('--repetition-penalty <value>', 'above 1: fewer repetitions', positive, 1)
  .option('--repetition-window <n>', 'how many tokens back that looks', whole(1), 64)
  .option('--ban <token>', 'a token that is never written; may be given several times', several)
  .option('--force <text>', 'what is written begins with this')
  .option('--stop <text>', 'end where this appears; may be given several times', several)
  .option('--allow-unknown', 'the unknown token may be written')
  .option('--count <n>', 'how many texts; with --beams, how many of the best', whole(1), 1)
  .addOption(
    new Option('--beams <width>', 'beam search of this width, instead of drawing')
      .argParser(whole(1))
      .conflicts(['temperature', 'topK', 'topP', 'minP', 'repetitionPenalty', 'repetitionWindow', 'seed', 'top']),
  )
  .option('--alpha <value>', 'its length normalisation', number(0), 0.7)
  .option('--seed <seed>', 'seed of the draw', whole(0), 1)
  .option('--json', 'a JSON line for each token, or for each beam')
  .option('--top <n>', 'with --json, so many of the most likely tokens with each', whole(0), 0)
  .addOption(
    new Option('--chat', 'answer each line of standard input, up to --stop (default: the end of the line)').conflicts([
      'prompt',
      'count',
      'beams',
      'json',
      'top',
    ]),
  )
  .addOption(kernels())
  .action((model: string | undefined, flags: GenerateFlags) => runGenerate(model, flags))

withDocumentOptions(
  program
    .command('evaluate')
    .description('measure how well a model predicts a text, beside simpler models')
    .argument('<model>', "a model's file, or the folder of a run")
    .argument('[files...]', 'UTF-8 texts; - is standard input; default: what the run has held out'),
  likeTheModels,
)
  .option('--trained-on <files...>', 'what the simpler models are trained on; default: what the run was trained on')
  .option('--json', 'as JSON')
  .addOption(kernels())
  .action((model: string, files: string[], flags: EvaluateFlags & DocumentFlags) => runEvaluate(model, files, flags))

withDocumentOptions(
  program
    .command('score')
    .description('tell how surprising each token of a text is to a model, in bits')
    .argument('<model>', "a model's file, or the folder of a run")
    .argument('[files...]', 'UTF-8 texts; default: standard input'),
  likeTheModels,
)
  .addOption(new Option('--text <text>', 'the text itself').conflicts(['documents', 'csvColumn', 'jsonField']))
  .option('--json', 'a JSON line for each token')
  .addOption(kernels())
  .action((model: string, files: string[], flags: ScoreFlags) => runScore(model, files, flags))

program
  .command('inspect')
  .description("show a model's shape, parameters, vocabulary and history")
  .argument('<model>', "a model's file, or the folder of a run")
  .option('--json', 'as JSON')
  .action((model: string, flags: { json?: boolean }) => runInspect(model, flags))

program
  .command('export')
  .description('write a model for other programs to run')
  .argument('<model>', "a model's file, or the folder of a run")
  .argument('[out]', 'where to write to, as with --out')
  .addOption(
    choice('--to <form>', 'onnx: a file of standard operators; pytorch: a folder of Python and weights', [
      'onnx',
      'pytorch',
    ]).makeOptionMandatory(),
  )
  .option('--out <path>', 'where to write to')
  .action((model: string, out: string | undefined, flags: ExportFlags) => runExport(model, out, flags))

program
  .command('import')
  .description('make a model of what another program saved')
  .argument(
    '<file>',
    "a PyTorch state dict as safetensors, RecurrentJS's JSON; or a folder that was exported, in which train_ddp.py trained",
  )
  .requiredOption('--out <path>', 'where the model is written to; of a folder, the run')
  .option('--vocabulary <file>', 'JSON: a list of the tokens, numbers by token, or a vocabulary of ours')
  .addOption(choice('--cell <cell>', 'which cell, where the shapes do not tell', ['lstm', 'gru', 'rnn', 'rnn-relu']))
  .option(
    '--map <theirs=ours>',
    'what a tensor is called here; nothing after = leaves it out; may be given several times',
    several,
  )
  .option('--dropout <share>', 'share zeroed between layers while training; default: 0', number(0, 1))
  .action((file: string, flags: ImportFlags) => runImport(file, flags))

const isGiven = (command: Command, name: string): boolean => ['cli', 'config'].includes(command.getOptionValueSource(name) ?? '')

const given = <Flags extends object>(command: Command): Partial<Flags> =>
  Object.fromEntries(Object.entries(command.opts()).filter(([name]) => isGiven(command, name))) as Partial<Flags>

/** Options that were given, but cannot be together with another. */
function refuse(command: Command, names: readonly string[], why: string): void {
  const option = command.options.find((known) => {
    const name = known.attributeName()
    return names.includes(name) && isGiven(command, name)
  })
  if (option) throw new UsageError(`${option.long}: cannot be given; ${why}`)
}

// Whoever reads may have read enough: `unrolled generate | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

// Which command acts, and so which flags there are.
let acting: Command | undefined
program.hook('preAction', (_, command) => {
  acting = command
})

try {
  await program.parseAsync()
} catch (thrown) {
  const error = underFlag(thrown, acting)
  // One line, whatever a broken file has put into the message.
  process.stderr.write(`unrolled: ${error.message.replaceAll(/\p{Cc}+/gu, ' ')}\n`)
  process.exitCode = error instanceof UsageError ? wrongUse : failed
}
