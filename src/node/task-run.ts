/** The run of a task: forecasts, labels, tags, other sequences. See `KeptRun`. */
import { Forecaster } from '../forecast/forecaster.js'
import type { Cell } from '../nn/cell.js'
import { refuseUnknown } from '../options/known.js'
import type { Table } from '../series/table.js'
import { readTable } from '../tasks/table.js'
import { namedColumns, type TaskColumns, type TaskName, type TaskOptions } from '../tasks/task.js'
import { taskNotes, taskTraining, type TaskModel, type TaskProgress, type TaskTraining } from '../tasks/training.js'
import type { Engine } from '../run/engine.js'
import { kernelsOf, startEngine } from './engines.js'
import { goOn, KeptRun } from './kept-run.js'
import type { TaskRunConfig } from './log.js'
import { readConfig, RunFolder } from './run-folder.js'
import { checkRunOptions, parted, taskDefaults, versions, type RunOptions } from './run-options.js'
import { resumeNames, type ResumeOptions } from './run.js'
import { trainOptionsOf, type TrainingConfig } from './training-config.js'

export interface NewTaskRunOptions extends Pick<RunOptions, 'keep' | 'logEvery'> {
  /** The folder. Must not have a run already. */
  out: string
  task: TaskName
  /** A CSV with a header, or JSON lines; the run keeps it. */
  data: string
  /** What it was read from. Default `data`. */
  source?: string
  columns?: TaskColumns
  options?: TaskOptions
  training?: TrainingConfig
  /** One of one's own, in place of the options' one. */
  cell?: Cell
  engine?: Engine
}

/**
 * At its end, `model` has the weights that did best on what was held out; a forecaster stands at the end of its series. It is what
 * `model.safetensors` has; there is no `best.safetensors`.
 */
export class TaskRun extends KeptRun<TaskModel, TaskTraining, TaskProgress, TaskRunConfig> {
  /** What was found in the data that whoever trains on it should know. */
  notes: readonly string[] = []

  /** Makes the folder, with all that is needed to go on, before the first step. Throws a sentence, with nothing made, for what cannot be trained. */
  static async create(all: NewTaskRunOptions): Promise<TaskRun> {
    refuseUnknown('create', all, {
      out: true,
      task: true,
      data: true,
      source: true,
      columns: true,
      options: true,
      training: true,
      cell: true,
      engine: true,
      keep: true,
      logEvery: true,
    })
    const {
      out,
      task,
      data,
      source = 'data',
      columns: given = {},
      options = {},
      training: config = {},
      cell,
      engine,
      ...how
    } = all
    checkRunOptions(how)
    const columns = namedColumns(task, given)
    const { table, file } = readTable(data, source)
    const training = taskTraining(table, { task, columns, options, training: trainOptionsOf(config), cell, engine })
    const described = describe(training, { task, columns, options, table, file, config, how })
    return RunFolder.begin(out, { options: how, config: described, checkpoint: training.toBytes() }, async (folder) => {
      await folder.write(file, data)
      return TaskRun.#of({ folder, training, config: described, options: how }, table)
    })
  }

  /** Opens a run to go on with it: see `Run.resume`. There is nothing for more threads than one to do. */
  static async resume(path: string, all: Omit<ResumeOptions, 'threads'> = {}): Promise<TaskRun> {
    const { threads: _, ...names } = resumeNames
    refuseUnknown('resume', all, names)
    const { cell, kernels, keep, training: changes = {} } = all
    const saved = readConfig(path)
    if (saved.task === undefined) throw new Error(`${path}: is the run of a language model; must be that of a task`)
    const engine = await startEngine(kernels ?? kernelsOf(saved.kernels), 1)
    const changed = { ...changes, ...(keep === undefined ? {} : { keep }) }
    const { task, options, data } = saved
    const config = { ...saved, training: { ...saved.training, ...changed }, kernels: engine.name }
    const [how, given] = parted(config.training)
    checkRunOptions(how)
    const folder = RunFolder.open(path, how)
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await folder.read(data.file))
      const { table } = readTable(text, data.source)
      const made = (): { model: TaskModel; training: TaskTraining } => {
        const setup = { task, columns: data.columns, options, training: trainOptionsOf(given), cell, engine }
        const training = taskTraining(table, setup)
        return { model: training.model, training }
      }
      const patienceAnew = Object.keys(changes).length > 0
      const going = await goOn({ path, folder }, made, { otherKernels: kernels !== undefined, patienceAnew })
      const whole = { ...config, defaults: taskDefaults(going.training, given, how) }
      await folder.goOn(going.resumed, saved, whole)
      return TaskRun.#of({ ...going, folder, config: whole, options: how }, table)
    } catch (error) {
      folder.close()
      throw error
    }
  }

  static #of(
    parts: {
      folder: RunFolder
      training: TaskTraining
      config: TaskRunConfig
      options: RunOptions
      resumed?: number
      passedOver?: readonly string[]
    },
    table: Table,
  ): TaskRun {
    const { model } = parts.training
    const run = new TaskRun({ ...parts, model })
    const { task, data } = parts.config
    run.notes = [...(model instanceof Forecaster ? model.notes : []), ...taskNotes(task, table, data.columns)]
    return run
  }

  protected measured({ step, seconds, validation }: TaskProgress): Promise<undefined> {
    const { loss: nats, best, ...more } = validation!
    const others = 'accuracy' in more ? { accuracy: more.accuracy, tokens: more.predictions } : { tokens: more.values }
    this.log({ event: 'validation', step, seconds, nats, ...others, best })
    return Promise.resolve(undefined)
  }

  protected finished(): Uint8Array {
    return this.training.finish().toBytes()
  }
}

function describe(
  training: TaskTraining,
  about: {
    task: TaskName
    columns: TaskColumns
    options: TaskOptions
    table: Table
    file: TaskRunConfig['data']['file']
    config: TrainingConfig
    how: RunOptions
  },
): TaskRunConfig {
  const { task, columns, options, table, file, config, how } = about
  const { model } = training
  const { network } = model
  return {
    format: 'unrolled run',
    version: 1,
    task,
    model: summaryOf(model),
    data: { file, source: table.source, rows: table.length, columns },
    options,
    training: { ...config, ...how },
    defaults: taskDefaults(training, config, how),
    unit: training.loop.trainer.network.unit,
    kernels: network.engine.name,
    parameters: network.parameters.reduce((sum, { size }) => sum + size, 0),
    ...versions(),
  }
}

/** The sizes and choices of a network, without what it learned of its data. */
function summaryOf(model: TaskModel): TaskRunConfig['model'] {
  if (model instanceof Forecaster) {
    const { spec, margins: _, ...rest } = model.config
    const { horizon, calendar, targets, base } = spec
    return { ...rest, horizon, targets: targets.map(({ name }) => name), periods: calendar.periods, base }
  }
  const { encoder, ...rest } = model.config
  return { ...rest, tokensKnown: encoder.tokens.length }
}
