/** One training run, for Node and for a page. */
import { createEngine, LanguageModel, loadEngine, type Engine, type EngineOptions } from 'unrolled'

export interface Trained {
  readonly kernels: string
  readonly losses: readonly number[]
  readonly bytes: Uint8Array
}

/** Two layers with dropout, and a text that is the same everywhere. */
function create(kernels?: EngineOptions['kernels'], engine: Engine = createEngine({ kernels })): LanguageModel {
  const text = 'the quick brown fox jumps over the lazy dog, and the dog does not mind.\n'.repeat(60)
  return LanguageModel.create({ text, hidden: 32, layers: 2, embedding: 16, dropout: 0.2, seed: 7, engine })
}

const options = (steps: number) => ({ steps, streams: 8, window: 24, seed: 3 })

/** The same training, up to a step, as a checkpoint. */
export function checkpoint(steps: number, kernels: EngineOptions['kernels'], stop: number): Uint8Array {
  const training = create(kernels).training(options(steps))
  while (training.step < stop) training.next()
  return training.toBytes()
}

/** The model that a training ends with that goes on from a checkpoint. */
export function goOn(bytes: Uint8Array, steps: number, kernels: EngineOptions['kernels']): Uint8Array {
  const model = create(kernels)
  const training = model.training(options(steps))
  training.restore(bytes)
  while (!training.ended) training.next()
  return model.toBytes()
}

/** Trains to the end. */
export async function train(
  steps: number,
  kernels?: EngineOptions['kernels'],
  report?: (line: string) => void,
): Promise<Trained> {
  const model = create(kernels)
  const { engine } = model.network
  report?.(`${model}; ${engine.name}`)
  const losses: number[] = []
  for await (const { step, loss } of model.train(options(steps))) {
    losses.push(loss)
    if (step % 10 === 0) report?.(`step ${step}: ${loss.toFixed(3)} nats`)
  }
  let sample = ''
  for await (const token of model.generate({ prompt: 'the ', length: 60, temperature: 0.5 })) sample += token
  report?.(`the ${sample}`)
  return { kernels: engine.name, losses, bytes: model.toBytes() }
}

/** The same with the batch in three shards, on so many threads, with the plain kernels. */
export async function trainOnThreads(threads: number, steps: number): Promise<{ threads: number; bytes: Uint8Array }> {
  const engine = await loadEngine({ kernels: 'plain', threads })
  const model = create('plain', engine)
  const training = model.training({ ...options(steps), shards: 3 })
  while (!training.ended) training.next()
  return { threads: engine.threads, bytes: model.toBytes() }
}
