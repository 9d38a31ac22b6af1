/** One training run, for Node and for a page. */
import { createEngine, LanguageModel, type EngineOptions } from 'unrolled'

export interface Trained {
  readonly kernels: string
  readonly losses: readonly number[]
  readonly bytes: Uint8Array
}

/** Trains two layers with dropout on a text that is the same everywhere. */
export async function train(
  steps: number,
  kernels?: EngineOptions['kernels'],
  report?: (line: string) => void,
): Promise<Trained> {
  const text = 'the quick brown fox jumps over the lazy dog, and the dog does not mind.\n'.repeat(60)
  const engine = createEngine({ kernels })
  const model = LanguageModel.create({ text, hidden: 32, layers: 2, embedding: 16, dropout: 0.2, seed: 7, engine })
  report?.(`${model}; ${engine.name}`)
  const losses: number[] = []
  for await (const { step, loss } of model.train({ steps, streams: 8, window: 24, seed: 3 })) {
    losses.push(loss)
    if (step % 10 === 0) report?.(`step ${step}: ${loss.toFixed(3)} nats`)
  }
  let sample = ''
  for await (const token of model.generate({ prompt: 'the ', length: 60, temperature: 0.5 })) sample += token
  report?.(`the ${sample}`)
  return { kernels: engine.name, losses, bytes: model.toBytes() }
}
