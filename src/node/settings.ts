/** All that a training can be told by name, as text or as JSON: the flags of the command, and the options of a sweep. */
import { cellNames } from '../nn/named-cells.js'
import { nearest } from '../options/known.js'
import { number, oneOf, positive, whole, type Parser } from './values.js'

export interface Setting {
  /** `--hidden <units>` */
  readonly flags: string
  readonly description: string
  /** Reads it from its text; absent: it is true or false. */
  readonly parse?: Parser<string | number>
  /** The names that it may have, where it is one of a few. */
  readonly choices?: readonly string[]
  readonly default?: string | number
  /** Settings that it cannot be together with. */
  readonly conflicts?: readonly string[]
  /** Whether it may be given several times, and is a list then. */
  readonly several?: boolean
  /** What it is called in the options of the library's calls, where that is another name. */
  readonly called?: string
}

export const choice = (flags: string, description: string, choices: readonly string[], rest: Partial<Setting> = {}): Setting => ({
  flags,
  description,
  choices,
  parse: oneOf(choices),
  ...rest,
})
export const value = (flags: string, description: string, parse: Parser<string | number>, fallback?: number): Setting => ({
  flags,
  description,
  parse,
  default: fallback,
})
const named: Parser<string> = (text) => text

/** As many threads, and shards, as there can be. */
const most = 64

/**
 * How files are cut into texts.
 *
 * @param otherwise what holds where none of them is given
 */
export const documentSettings = (otherwise: string) => ({
  documents: choice(
    '--documents <how>',
    `each line, such as a name, or each file is a text of its own; default: ${otherwise}`,
    ['lines', 'files'],
    { conflicts: ['csvColumn', 'jsonField'], called: 'format' },
  ),
  csvColumn: {
    ...value('--csv-column <name>', 'each cell of this column of a CSV is a text of its own', named),
    called: 'column',
  },
  jsonField: {
    ...value('--json-field <name>', 'each line is a JSON object, and this field of it a text of its own', named),
    called: 'field',
  },
})

export const tokenSettings = {
  tokens: choice('--tokens <kind>', 'what the model reads and writes', ['characters', 'bytes', 'words'], {
    default: 'characters',
    called: 'kind',
  }),
  lowerCase: { flags: '--lower-case', description: 'read everything in lower case' },
  minCount: value('--min-count <n>', 'tokens that are rarer become the unknown token', whole(1), 1),
  vocabulary: {
    ...value('--vocabulary <n>', 'keep at most so many tokens, the most frequent; default: all', whole(2)),
    called: 'size',
  },
  unknown: {
    flags: '--unknown',
    description: 'have an unknown token, though the text needs none, for what the model may meet later',
  },
}

export const networkSettings = {
  cell: choice('--cell <cell>', 'which cell', cellNames, { default: 'lstm' }),
  hidden: value('--hidden <units>', 'units of each layer', whole(1), 128),
  layers: value('--layers <n>', 'layers', whole(1), 2),
  embedding: value('--embedding <width>', 'numbers that stand for a token; default: 64, with --tied as many as hidden', whole(1)),
  tied: { flags: '--tied', description: 'the output layer uses the weights of the embedding' },
  dropout: value('--dropout <share>', 'share zeroed between layers', number(0, 1), 0),
}

/** The limits that a run can be given, and given anew. */
export const limitSettings = {
  epochs: value('--epochs <n>', 'how often to read the text', positive),
  minutes: { ...value('--minutes <n>', 'how long to train, validations left out', positive), called: 'seconds' },
  loss: value(
    '--loss <nats>',
    'train until the held-out loss is at most this; where nothing is held out, the training loss, smoothed',
    positive,
  ),
  patience: value('--patience <n>', 'end after so many validations without a better one', whole(1)),
}

/** What computes: but for the last digits, it changes nothing but the speed. */
export const engineSettings = {
  threads: value(
    '--threads <n>',
    'threads that work on the shards of a batch; they change nothing but the speed; default: all there are',
    whole(1, most),
  ),
  kernels: choice(
    '--kernels <build>',
    "relaxed: fastest; plain: the same bits everywhere; native: large products by the system's BLAS; reference: float64; default: relaxed, plain where that does not run",
    ['relaxed', 'plain', 'native', 'reference'],
  ),
  wideVectors: {
    flags: '--no-wide-vectors',
    description:
      'vectors of 128 bits only; by itself, Node 24 and later use 256 where a trial shows the same results in less time',
  },
}

export const trainSettings = {
  ...documentSettings("one stream of text; with --from, as the model's texts were read"),
  ...tokenSettings,
  ...networkSettings,
  steps: value('--steps <n>', 'steps to train; default: 2400, where nothing else ends it', whole(1)),
  ...limitSettings,
  streams: value(
    '--streams <n>',
    'parts of the text, or documents, read side by side; default: 16, fewer where the text is short',
    whole(1),
  ),
  window: value('--window <steps>', 'steps through which gradients flow', whole(1), 64),
  reach: value('--reach <steps>', 'earlier steps that a loss reaches back to; default: all of its window', whole(0)),
  recompute: value(
    '--recompute <steps>',
    'keep the state every so many steps of a window only, and compute what lies between anew: less memory, more time; default: keep all',
    whole(1),
  ),
  optimizer: choice('--optimizer <name>', 'how gradients change weights', ['adam', 'adamw', 'rmsprop', 'adagrad', 'sgd'], {
    default: 'adam',
  }),
  rate: { ...value('--rate <rate>', 'learning rate; the highest one of a schedule', positive, 0.005), called: 'learningRate' },
  schedule: choice(
    '--schedule <name>',
    'how the rate changes; default: cosine, constant where the number of steps is not known',
    ['cosine', 'constant', 'halve-on-rise'],
  ),
  clip: { ...value('--clip <norm>', 'largest norm of the gradient', positive, 1), called: 'clipNorm' },
  clipValue: value('--clip-value <size>', 'largest size of each element of the gradient; default: any', positive),
  l2: value('--l2 <weight>', 'weight of the squared weights in the loss', number(0), 0),
  heldOut: value('--held-out <share>', 'share of the text, or of the documents, that is never trained on', number(0, 1), 0.05),
  validationTokens: value(
    '--validation-tokens <n>',
    'held-out tokens that a validation measures; at the end it is all; default: all',
    whole(1),
  ),
  validateEvery: value('--validate-every <steps>', 'steps between validations; default: a tenth of all', whole(1)),
  checkpointEvery: value(
    '--checkpoint-every <steps>',
    'steps between checkpoints; default: a twentieth of all, at most 500',
    whole(1),
  ),
  keep: value('--keep <n>', 'checkpoints that are kept, the newest', whole(2), 3),
  logEvery: value('--log-every <steps>', 'steps between lines of the log; default: a thousandth of all', whole(1)),
  sampleLength: value('--sample-length <n>', 'tokens of the sample at each validation', whole(0), 200),
  sampleTemperature: value('--sample-temperature <value>', 'its temperature', number(0), 0.7),
  retries: value(
    '--retries <n>',
    'how often to go back from a loss that is not a number, or explodes, with half the rate; 0: never',
    whole(0),
    3,
  ),
  shards: value(
    '--shards <n>',
    'parts that each batch is cut into, to work on at the same time; default: 1 for small models, up to 4, by the model and the batch alone',
    whole(1, most),
  ),
  seed: value('--seed <seed>', 'seed of weights, dropout, samples and the choice of documents', whole(0), 1),
  ...engineSettings,
} satisfies Record<string, Setting>

export type SettingName = keyof typeof trainSettings

/** The flag of a setting: of `heldOut`, `--held-out`. */
export const flagOf = ({ flags }: Setting): string => flags.split(' ')[0]

/**
 * The setting of a name, as it is in code or as its flag has it. Throws a sentence, with the nearest that there is, for any other.
 *
 * @param what the sentence says that it is an option of
 */
export function settingNamed(name: string, what: string, names: readonly string[] = Object.keys(trainSettings)): SettingName {
  const found = names.find((known) => known === name || flagOf(trainSettings[known as SettingName]) === `--${name}`)
  if (found !== undefined) return found as SettingName
  const meant = nearest(name, names)
  throw new Error(`'${name}' is not an option of ${what}${meant ? `; did you mean '${meant}'?` : ''}`)
}

/** What a value of JSON is for a setting. Throws a sentence that does not name the setting. */
export function readSetting(setting: Pick<Setting, 'parse'>, value: unknown): string | number | boolean {
  if (!setting.parse) {
    if (typeof value !== 'boolean') throw new Error(`is ${JSON.stringify(value)}; must be true or false`)
    return value
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new Error(`is ${JSON.stringify(value)}; must be a number or a text`)
  }
  try {
    return setting.parse(String(value))
  } catch (error) {
    throw new Error(`is ${JSON.stringify(value)}; ${(error as Error).message}`)
  }
}
