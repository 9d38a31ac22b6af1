#!/usr/bin/env node
/** The command `unrolled`. Standard output carries what was asked for; everything else goes to standard error. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { decodingDefaults } from '../index.js'
import {
  documentSettings,
  engineSettings,
  limitSettings,
  refuseSettings,
  taskSetting,
  taskSettings,
  trainSettings,
  type DocumentSettings,
} from '../node/index.js'
import { defaultWorkers } from '../sweep/index.js'
import './closed-output.js'
import { applyConfigFile, UsageError } from './config-file.js'
import { runDoctor, type DoctorFlags } from './doctor.js'
import { runEvaluate, type EvaluateFlags } from './evaluate.js'
import { runExport, type ExportFlags } from './export.js'
import { allowRelaxedSimd } from './flags.js'
import { inOneSentence, underFlag } from './flag-names.js'
import { runGenerate, type GenerateFlags } from './generate.js'
import { runImport, type ImportFlags } from './import.js'
import { runInspect } from './inspect.js'
import { addPredict } from './predict.js'
import { runScore, type ScoreFlags } from './score.js'
import { runSweep, runWorker, type SweepFlags, type WorkerFlags } from './sweep.js'
import { runTrainTask, type TaskFlags } from './train-task.js'
import { runResume, runTrain, type ResumeFlags, type TrainFlags } from './train.js'
import { kernels, wideVectors, withSettings } from './options.js'
import { choice, number, optionOf, positive, several, share, whole } from './values.js'

/** The exit codes; what was stopped by the user ends with 130. */
const [failed, wrongUse] = [1, 2]

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
const flag = allowRelaxedSimd()

const program = new Command('unrolled')
  .description('Recurrent networks in TypeScript: train one on a text, and let it write.')
  .version(version)
  .showSuggestionAfterError()
  .configureOutput({ outputError: (text, write) => write(inOneSentence(text)) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : wrongUse))

/** How texts are read for a model that is there. */
const likeTheModels = "as the model's own texts were read"

type AllTrainFlags = TrainFlags & Partial<TaskFlags> & { config?: string; resume?: string }

const train = program
  .command('train')
  .description('train a model on text, or on a table, and keep all of it in a folder')
  .argument(
    '[files...]',
    'UTF-8 texts, one after another; - is standard input; default: Moby Dick, where it is installed; with --task, one table',
  )
  .option('--config <file>', 'a JSON file with these options; flags win')
  .option('--out <folder>', 'where the run is kept; default: runs/1, or the next number that is free')
  .option('--resume <folder>', 'go on with a run exactly where it stopped, as the command resume does')
  .option('--from <model>', 'begin with the weights of this model, or run, and its vocabulary')
train.addOption(optionOf(taskSetting))
withSettings(train, trainSettings)
withSettings(train, taskSettings, 'Options of tasks:')
  .option('--json', 'the log on standard output, a JSON line each')
  .action(async (files: string[], flags: AllTrainFlags) => {
    if (flags.config !== undefined) applyConfigFile(train, flags.config)
    // What nobody said is left to the library, whose defaults are those that --help shows: so a run knows what was asked for.
    const { config: _config, resume: folder, ...options } = given<AllTrainFlags>(train)
    if (options.from !== undefined)
      refuse(
        train,
        ['cell', 'hidden', 'layers', 'embedding', 'tied', 'dropout', 'tokens', 'lowerCase', 'minCount', 'vocabulary', 'unknown'],
        '--from has its own',
      )
    const { task } = options
    if (folder === undefined) {
      if (task !== undefined) refuse(train, ['from'], `--task ${task} begins anew`)
      refuseSettings(task, Object.keys(options))
      return task === undefined ? runTrain(files, options, flag) : runTrainTask(files, { ...options, task }, flag)
    }
    if (files.length > 0) throw new UsageError(`${files[0]}: with --resume, the run has its text already`)
    const allowed = new Set([
      'resume',
      'config',
      'steps',
      'epochs',
      'minutes',
      'loss',
      'patience',
      'keep',
      'threads',
      'kernels',
      'wideVectors',
      'json',
    ])
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
withSettings(resume, limitSettings).option('--keep <n>', 'checkpoints that are kept, the newest; default: as before', whole(2))
withSettings(resume, engineSettings)
  .option('--json', 'the log on standard output, a JSON line each')
  .action((folder: string, flags: ResumeFlags) => runResume(folder, flags, flag))

program
  .command('sweep')
  .description('train many models of one text, with different options, and compare them')
  .argument('<file>', 'what to try, as JSON: see docs/sweep.md')
  .option('--out <folder>', "where all is kept, and gone on with; default: sweeps/ and the file's name, without .json")
  .option('--workers <n>', 'trials at a time on this machine; default: one for each core, with --redis 0', whole(0))
  .option('--redis <url>', 'let the workers of this Redis server run the trials, such as redis://host:6379')
  .addOption(wideVectors())
  .option('--json', 'the lines of sweep.jsonl on standard output, as trials end, instead of the table')
  .action((file: string, flags: SweepFlags) => runSweep(file, flags))

program
  .command('worker')
  .description('run trials of the sweeps on a Redis server, until it is stopped')
  .requiredOption('--redis <url>', 'the server, such as redis://host:6379')
  .option('--workers <n>', 'trials at a time; default: one for each core', whole(1), defaultWorkers())
  .option('--cache <folder>', "where texts are kept; default: unrolled, in the user's folder for caches")
  .addOption(wideVectors())
  .action((flags: WorkerFlags) => runWorker(flags))

program
  .command('generate')
  .description('let a model write')
  .argument('[model]', "a model's file, or the folder of a run; default: the newest run in runs/")
  .option('--prompt <text>', 'what to continue', '')
  .option('--length <n>', 'tokens to write at most', whole(0), decodingDefaults.length)
  .option(
    '--temperature <value>',
    'below 1 more cautious, above 1 more daring, 0 always the most likely',
    number(0),
    decodingDefaults.temperature,
  )
  .option('--top-k <n>', 'draw from so many tokens, the most likely ones; default: all', whole(1))
  .option(
    '--top-p <share>',
    'draw from the fewest tokens that together have this probability',
    share(true),
    decodingDefaults.topP,
  )
  .option(
    '--min-p <share>',
    'draw from tokens at least so many times as likely as the most likely one',
    share(false),
    decodingDefaults.minP,
  )
  .option('--repetition-penalty <value>', 'above 1: fewer repetitions', positive, decodingDefaults.repetitionPenalty)
  .option('--repetition-window <n>', 'how many tokens back that looks', whole(1), decodingDefaults.repetitionWindow)
  .option('--ban <token>', 'a token that is never written; may be given several times', several)
  .option('--force <text>', 'what is written begins with this')
  .option('--stop <text>', 'end where this appears; may be given several times', several)
  .option('--allow-unknown', 'the unknown token may be written')
  .option('--count <n>', 'how many texts; with --beams, how many of the best', whole(1), decodingDefaults.count)
  .addOption(
    new Option('--beams <width>', 'beam search of this width, instead of drawing')
      .argParser(whole(1))
      .conflicts(['temperature', 'topK', 'topP', 'minP', 'repetitionPenalty', 'repetitionWindow', 'seed', 'top']),
  )
  .option('--alpha <value>', 'with --beams, its length normalisation', number(0), decodingDefaults.alpha)
  .option('--seed <seed>', 'seed of the draw', whole(0), decodingDefaults.seed)
  .option('--json', 'a JSON line for each token, or for each beam')
  .option('--top <n>', 'with --json, so many of the most likely tokens with each', whole(0), decodingDefaults.top)
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
  .addOption(wideVectors())
  .action((model: string | undefined, _: unknown, command: Command) => {
    const flags = given<GenerateFlags>(command)
    if (flags.alpha !== undefined && flags.beams === undefined)
      throw new UsageError('--alpha: needs --beams, whose texts it compares')
    if (flags.top !== undefined && !flags.json) throw new UsageError('--top: needs --json, which has a place for them')
    return runGenerate(model, flags)
  })

addPredict(program)

withSettings(
  program
    .command('evaluate')
    .description('measure how well a model predicts a text, or does its task on a table, beside simpler models')
    .argument('<model>', "a model's file, or the folder of a run")
    .argument('[files...]', 'UTF-8 texts, or one table; - is standard input; default: what the run has held out'),
  documentSettings(likeTheModels),
)
  .option('--trained-on <files...>', 'what the simpler models are trained on; default: what the run was trained on')
  .option('--input <column>', 'of a table: what is read; may be given several times; default: as in training', several)
  .option('--label <column>', 'classify, tag: the labels; default: as in training')
  .option('--output <column>', 'transduce: what shall be written; default: as in training')
  .option('--sequence <column>', 'rows with the same value are the steps of one sequence; default: as in training')
  .option('--from <step>', 'forecast: the first step that is forecast, from 0, or its date; default: the last tenth')
  .option('--beam <n>', 'transduce: how many beginnings are followed side by side; default: 1', whole(1))
  .option('--json', 'as JSON')
  .addOption(kernels())
  .addOption(wideVectors())
  .action((model: string, files: string[], flags: EvaluateFlags & DocumentSettings) => runEvaluate(model, files, flags))

withSettings(
  program
    .command('score')
    .description('tell how surprising each token of a text is to a model, in bits')
    .argument('<model>', "a model's file, or the folder of a run")
    .argument('[files...]', 'UTF-8 texts; default: standard input'),
  documentSettings(likeTheModels),
)
  .addOption(new Option('--text <text>', 'the text itself').conflicts(['documents', 'csvColumn', 'jsonField']))
  .option('--json', 'a JSON line for each token')
  .addOption(kernels())
  .addOption(wideVectors())
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

program
  .command('doctor')
  .description('tell what this machine offers, and how fast each choice of kernels is on it')
  .addOption(wideVectors())
  .option('--json', 'as JSON')
  .action((flags: DoctorFlags) => runDoctor(flags, flag))

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
