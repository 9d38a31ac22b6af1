/** `unrolled inspect` */
import { createEngine, type Validated } from '../index.js'
import { isRun, loadModel, loadTaskModel, readConfig, readLog, taskOfPath, type AnyRunConfig } from '../node/index.js'

const count = (n: number): string => n.toLocaleString('en')

/** What is shown of a model, whatever it is of. */
interface Inspected {
  readonly model: {
    readonly trainedWith: string
    readonly network: { readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[] }
  }
  /** What only this kind of model has: as JSON, and as lines. */
  readonly own: Readonly<Record<string, unknown>>
  readonly lines: readonly string[]
  readonly history: readonly Validated[]
  readonly unit: string
}

export async function runInspect(path: string, { json }: { json?: boolean }): Promise<void> {
  const { model, own, lines, history, unit } = await ((await taskOfPath(path)) === undefined ? ofText(path) : ofTask(path))
  const { trainedWith } = model
  const parameters = model.network.tensors.map(({ name, shape }) => ({ name, shape }))
  const config = isRun(path) ? readConfig(path) : undefined
  if (json) {
    console.log(JSON.stringify({ ...own, trainedWith, history, parameters, run: config }))
    return
  }
  const all = [...lines, `trained with: ${trainedWith || 'nothing yet'}`, '', 'tensors:']
  all.push(...parameters.map(({ name, shape }) => `  ${name} [${shape.join(', ')}]`))
  if (history.length > 0) all.push('', `history, ${unit}:`, ...historyLines(history))
  if (config) all.push('', ...runLines(path, config))
  console.log(all.join('\n'))
}

const engine = () => createEngine({ kernels: 'plain' })

async function ofText(path: string): Promise<Inspected> {
  const model = await loadModel(path, { engine: engine() })
  const { vocabulary, config } = model
  // The best model's own history ends where it was best.
  const { history } = isRun(path) ? await loadModel(path, { engine: engine(), which: 'last' }) : model
  const own = { config, vocabulary: { kind: vocabulary.kind, tokens: vocabulary.tokens } }
  return { model, own, lines: [String(model), String(vocabulary)], history, unit: 'nats a token' }
}

async function ofTask(path: string): Promise<Inspected> {
  const model = await loadTaskModel(path, { engine: engine() })
  const { config, history, network } = model
  const [own, lines] =
    'kind' in model
      ? [{ kind: model.kind, config, columns: model.columns }, model.columns ? [`columns: ${JSON.stringify(model.columns)}`] : []]
      : [{ kind: 'forecaster', config, notes: model.notes }, model.notes]
  return { model, own, lines: [String(model), ...lines], history, unit: network.unit }
}

function historyLines(history: readonly Validated[]): string[] {
  const lowest = history.reduce((least, { nats }) => Math.min(least, nats), Infinity)
  return [
    '  step      training  held out',
    ...history.map(({ step, training, nats }) => {
      const remark = nats === lowest ? '  best' : ''
      return `  ${count(step).padStart(9)} ${training.toFixed(4).padStart(8)}  ${nats.toFixed(4).padStart(8)}${remark}`
    }),
  ]
}

function runLines(path: string, config: AnyRunConfig): string[] {
  const { training, defaults } = config
  const data =
    config.task === undefined
      ? `${config.corpus.sources.join(', ')}, ${count(config.corpus.tokens)} tokens`
      : `${config.data.source}, ${count(config.data.rows)} rows, to ${config.task}`
  const end = readLog(path).findLast(({ event }) => event === 'end')
  return [
    `run: ${data}`,
    ...(config.task === undefined ? [] : [`  ${JSON.stringify(config.options)}`]),
    `  ${JSON.stringify(training)}`,
    ...(defaults ? [`  by default: ${JSON.stringify(defaults)}`] : []),
    ...(end?.event === 'end' ? [`  ended after step ${count(end.step)}: ${end.reason}`] : []),
  ]
}
