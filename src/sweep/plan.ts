/** What a sweep is to do, as `sweep.json` says it, checked as a whole before anything runs. */
import { Random } from '../nn/random.js'
import { readSetting, settingNamed, trainSettings, type Setting, type SettingName } from '../node/settings.js'
import { trainParts, type TrainSettings } from '../node/train-settings.js'
import { nearest } from '../options/known.js'
import { budgetsOf } from './halving.js'
import { drawnFrom, gridOf, readDimension, sizeOf, type Choice, type Dimension, type Space } from './space.js'

/**
 * How trials are chosen. `grid`: every combination. `random`: drawn (Bergstra & Bengio 2012). `halving`: drawn, trained for a few steps, and of
 * each rung the best go on for more (successive halving; Jamieson & Talwalkar 2016).
 */
export type SweepMethod = 'grid' | 'random' | 'halving'

export interface SweepPlan {
  /** Files of text; absent: it is for the caller to say. */
  readonly corpus?: readonly string[]
  /** What all trials have in common. */
  readonly options: TrainSettings
  /** What they differ in. */
  readonly space: Space
  readonly method: SweepMethod
  readonly trials: number
  /** Of what is drawn. Default 1. */
  readonly seed: number
  /** Steps that each rung has been trained for; empty unless `method` is `halving`. */
  readonly budgets: readonly number[]
  /** Of so many trials of a rung one goes on. Default 3. */
  readonly eta: number
}

export interface Trial {
  /** From 1. */
  readonly trial: number
  /** What it has of its own. */
  readonly choice: Choice
}

const methods: readonly SweepMethod[] = ['grid', 'random', 'halving']
const keys = ['corpus', 'options', 'space', 'method', 'trials', 'seed', 'rungs', 'eta']

// What decides which tokens are measured: held-out losses would not compare.
const common: readonly string[] = [
  'documents',
  'csvColumn',
  'jsonField',
  'tokens',
  'lowerCase',
  'minCount',
  'vocabulary',
  'unknown',
  'heldOut',
  'validationTokens',
  'kernels',
]
const noBudget: readonly string[] = ['epochs', 'minutes']
const mostTrials = 100_000

/**
 * Throws a sentence for what cannot be.
 *
 * @param value the object of `sweep.json`
 * @param source what messages call it; default 'sweep.json'
 */
export function readPlan(value: unknown, source = 'sweep.json'): SweepPlan {
  const wrong = (what: string): never => {
    throw new Error(`${source}: ${what}`)
  }
  if (!isObject(value)) return wrong('must be a JSON object, such as { "space": { "rate": [0.002, 0.005] } }')
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue
    const meant = nearest(key, keys)
    wrong(`'${key}' is not a part of a sweep${meant ? `; did you mean '${meant}'?` : `; it has ${keys.join(', ')}`}`)
  }
  const { method = 'grid', seed = 1 } = value
  if (!methods.includes(method as SweepMethod)) {
    const meant = nearest(String(method), methods)
    wrong(`method is ${JSON.stringify(method)}; must be one of ${methods.join(', ')}${meant ? `. Did you mean ${meant}?` : ''}`)
  }
  if (!Number.isSafeInteger(seed) || (seed as number) < 0) {
    wrong(`seed is ${JSON.stringify(seed)}; must be a whole number, 0 or more`)
  }
  const options = readOptions(value.options ?? {}, wrong)
  const space = readSpace(value.space, options, method === 'grid', wrong)
  const trials = readTrials(value.trials, method as SweepMethod, space, wrong)
  const { budgets, eta } = readRungs(value, method as SweepMethod, options, space, wrong)
  const plan: SweepPlan = {
    ...readCorpusNames(value.corpus, wrong),
    options,
    space,
    method: method as SweepMethod,
    trials,
    seed: seed as number,
    budgets,
    eta,
  }
  checkTrials(plan, wrong)
  return plan
}

type Wrong = (what: string) => never

function readCorpusNames(corpus: unknown, wrong: Wrong): Pick<SweepPlan, 'corpus'> {
  if (corpus === undefined) return {}
  const list: unknown[] = Array.isArray(corpus) ? corpus : [corpus]
  if (list.length === 0) wrong('corpus is an empty list; must have a file')
  for (const name of list) {
    if (typeof name !== 'string' || name === '')
      wrong(`corpus has ${JSON.stringify(name)}; must be the name of a file, or a list of such`)
    if (name === '-') wrong("corpus has '-'; standard input cannot be read again to go on")
  }
  return { corpus: list as string[] }
}

function readOptions(value: unknown, wrong: Wrong): TrainSettings {
  if (!isObject(value)) return wrong(`options is ${JSON.stringify(value)}; must be an object, such as { "steps": 1000 }`)
  const options = readEach(value, 'options', wrong, (name, given) => readSetting(trainSettings[name] as Setting, given))
  for (const name of Object.keys(options)) {
    const { conflicts = [] }: Setting = trainSettings[name as SettingName]
    const other = conflicts.find((conflict) => Object.hasOwn(options, conflict))
    if (other !== undefined) wrong(`options: '${name}' cannot be together with '${other}'`)
  }
  return options as TrainSettings
}

function readSpace(value: unknown, options: TrainSettings, isGrid: boolean, wrong: Wrong): Space {
  if (!isObject(value) || Object.keys(value).length === 0) {
    return wrong(`space is ${JSON.stringify(value)}; must be an object of options to vary, such as { "rate": [0.002, 0.005] }`)
  }
  const space = readEach<Dimension>(value, 'space', wrong, (name, given) => readDimension(name, given, isGrid))
  for (const name of Object.keys(space)) {
    if (common.includes(name)) {
      wrong(`space: '${name}' cannot differ between trials, since what they are measured on would; give it in options`)
    }
    if (Object.hasOwn(options, name)) wrong(`space: '${name}' is in options too; give it in one of them`)
  }
  const isOfDocuments = ['documents', 'csvColumn', 'jsonField'].some((name) => Object.hasOwn(options, name))
  if (isOfDocuments && Object.hasOwn(space, 'seed')) {
    wrong("space: 'seed' cannot differ between trials where the text is documents, since it decides which are held out")
  }
  if (options.heldOut === 0) wrong('options: heldOut is 0; trials are compared by their held-out loss')
  return space
}

function readEach<T>(
  value: Readonly<Record<string, unknown>>,
  part: string,
  wrong: Wrong,
  read: (name: SettingName, given: unknown) => T,
): Partial<Record<SettingName, T>> {
  const found: Partial<Record<SettingName, T>> = {}
  for (const [key, given] of Object.entries(value)) {
    try {
      const name = settingNamed(key, 'train')
      if (name === 'threads') throw new Error(`'${key}' cannot be given: trials run side by side, each on one thread`)
      if (name === 'wideVectors') throw new Error(`'${key}' cannot be given: it is said to the command that runs the trials`)
      if (Object.hasOwn(found, name)) throw new Error(`'${key}' is there twice`)
      try {
        found[name] = read(name, given)
      } catch (error) {
        throw new Error(`'${key}' ${(error as Error).message}`)
      }
    } catch (error) {
      wrong(`${part}: ${(error as Error).message}`)
    }
  }
  return found
}

function readTrials(value: unknown, method: SweepMethod, space: Space, wrong: Wrong): number {
  if (method === 'grid') {
    const count = gridOf(space).length
    if (value !== undefined)
      wrong(`trials is ${JSON.stringify(value)}; cannot be given: a grid has as many as there are combinations, ${count}`)
    return count
  }
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > mostTrials) {
    wrong(`trials is ${JSON.stringify(value)}; must be a whole number, from 1 to ${mostTrials}`)
  }
  const size = sizeOf(space)
  if ((value as number) > size)
    wrong(`trials is ${String(value)}, but the space has only ${size} combinations; a grid tries all of them`)
  return value as number
}

function readRungs(
  { rungs, eta = 3 }: Readonly<Record<string, unknown>>,
  method: SweepMethod,
  options: TrainSettings,
  space: Space,
  wrong: Wrong,
): Pick<SweepPlan, 'budgets' | 'eta'> {
  if (!Number.isSafeInteger(eta) || (eta as number) < 2) wrong(`eta is ${JSON.stringify(eta)}; must be a whole number, 2 or more`)
  if (method !== 'halving') {
    if (rungs !== undefined) wrong(`rungs is ${JSON.stringify(rungs)}; only the method halving has rungs`)
    return { budgets: [], eta: eta as number }
  }
  if (!Number.isSafeInteger(rungs) || (rungs as number) < 2 || (rungs as number) > 30) {
    wrong(`rungs is ${JSON.stringify(rungs)}; must be a whole number, from 2 to 30`)
  }
  if (Object.hasOwn(space, 'steps'))
    wrong("space: 'steps' cannot differ between trials, since the rungs decide it; give the last rung's in options")
  const limit = noBudget.find((name) => Object.hasOwn(options, name) || Object.hasOwn(space, name))
  if (limit !== undefined) wrong(`'${limit}' cannot be given: the rungs are steps`)
  const { steps } = options
  if (steps === undefined) return wrong('options: steps is missing; must be how many the last rung has been trained for')
  try {
    return { budgets: budgetsOf(steps, rungs as number, eta as number), eta: eta as number }
  } catch (error) {
    return wrong((error as Error).message)
  }
}

/** What all trials are, and what each is, as far as that can be told without the text. */
function checkTrials(plan: SweepPlan, wrong: Wrong): void {
  const trials = trialsOf(plan)
  const problems: string[] = []
  for (const trial of trials) {
    try {
      settingsOf(plan, trial)
    } catch (error) {
      problems.push(`trial ${trial.trial}: ${(error as Error).message}`)
    }
  }
  // Where only some combinations cannot be, the others are still worth trying.
  if (problems.length === trials.length) wrong(problems[0])
}

/** The trials, the same for the same plan. */
export function trialsOf({ space, method, trials, seed }: SweepPlan): Trial[] {
  const choices = method === 'grid' ? gridOf(space) : drawnFrom(space, trials, new Random(seed))
  return choices.map((choice, i) => ({ trial: i + 1, choice }))
}

/** The settings of a trial. Throws a sentence for what cannot be together. */
export function settingsOf({ options, budgets }: SweepPlan, { choice }: Trial): TrainSettings {
  const settings: TrainSettings = { ...options, ...(choice as TrainSettings) }
  const [first] = budgets
  if (first !== undefined) {
    settings.validateEvery ??= first
    // So that each rung ends with a measurement.
    if (first % settings.validateEvery !== 0) {
      throw new Error(`validateEvery: ${settings.validateEvery}; must divide the steps of the first rung, ${first}`)
    }
  }
  trainParts(settings)
  return settings
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
