/** `unrolled inspect` */
import { createEngine } from '../index.js'
import { isRun, loadModel, readConfig, readLog } from '../node/index.js'

const count = (n: number): string => n.toLocaleString('en')

export async function runInspect(path: string, { json }: { json?: boolean }): Promise<void> {
  const model = await loadModel(path, { engine: createEngine({ kernels: 'plain' }) })
  const { network, vocabulary, config, history, trainedWith } = model
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
    for (const { step, training, nats } of history) {
      lines.push(`  ${count(step).padStart(9)} ${training.toFixed(4).padStart(8)}  ${nats.toFixed(4).padStart(8)}`)
    }
  }
  if (run) {
    const { corpus, training } = run.config
    lines.push('', `run: ${corpus.sources.join(', ')}, ${count(corpus.tokens)} tokens`, `  ${JSON.stringify(training)}`)
    const { end } = run
    if (end?.event === 'end') lines.push(`  ended after step ${count(end.step)}: ${end.reason}`)
  }
  console.log(lines.join('\n'))
}
