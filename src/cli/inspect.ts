/** `unrolled inspect` */
import { createEngine } from '../index.js'
import { isRun, loadModel, readConfig, readLog, type AnyRunConfig } from '../node/index.js'

const count = (n: number): string => n.toLocaleString('en')

const dataOf = (config: AnyRunConfig): string =>
  config.task === undefined
    ? `${config.corpus.sources.join(', ')}, ${count(config.corpus.tokens)} tokens`
    : `${config.data.source}, ${count(config.data.rows)} rows`

export async function runInspect(path: string, { json }: { json?: boolean }): Promise<void> {
  const engine = createEngine({ kernels: 'plain' })
  const model = await loadModel(path, { engine })
  const { network, vocabulary, config, trainedWith } = model
  // The best model's own history ends where it was best.
  const { history } = isRun(path) ? await loadModel(path, { engine, which: 'last' }) : model
  const parameters = network.tensors.map(({ name, shape }) => ({ name, shape }))
  const run = isRun(path) ? { config: readConfig(path), end: readLog(path).findLast(({ event }) => event === 'end') } : undefined
  if (json) {
    const described = {
      config,
      vocabulary: { kind: vocabulary.kind, tokens: vocabulary.tokens },
      trainedWith,
      history,
      parameters,
    }
    console.log(JSON.stringify({ ...described, run: run?.config }))
    return
  }
  const lines = [String(model), String(vocabulary), `trained with: ${trainedWith || 'nothing yet'}`, '', 'tensors:']
  lines.push(...parameters.map(({ name, shape }) => `  ${name} [${shape.join(', ')}]`))
  if (history.length > 0) {
    lines.push('', 'history, nats a token:', '  step      training  held out')
    const lowest = history.reduce((least, { nats }) => Math.min(least, nats), Infinity)
    for (const { step, training, nats } of history) {
      const remark = nats === lowest ? '  best' : ''
      lines.push(`  ${count(step).padStart(9)} ${training.toFixed(4).padStart(8)}  ${nats.toFixed(4).padStart(8)}${remark}`)
    }
  }
  if (run) {
    const { training, defaults } = run.config
    lines.push('', `run: ${dataOf(run.config)}`, `  ${JSON.stringify(training)}`)
    if (defaults) lines.push(`  by default: ${JSON.stringify(defaults)}`)
    const { end } = run
    if (end?.event === 'end') lines.push(`  ended after step ${count(end.step)}: ${end.reason}`)
  }
  console.log(lines.join('\n'))
}
