/** A small model, and what it learns and writes. */
import { createEngine, LanguageModel, type NetworkOptions } from '../../src/index.js'

export const plain = createEngine({ kernels: 'plain' })
export const text = 'the quick brown fox jumps over the lazy dog; the dog sleeps. '.repeat(12)
export const small = (options: Partial<NetworkOptions> = {}): LanguageModel =>
  LanguageModel.create({ text, hidden: 12, embedding: 6, engine: plain, ...options })

export async function trained(model: LanguageModel, steps = 30, learningRate?: number): Promise<number[]> {
  const losses: number[] = []
  for await (const { loss } of model.train({ steps, learningRate, streams: 3, window: 16, heldOut: 0 })) losses.push(loss)
  return losses
}

export async function written(model: LanguageModel, options: Parameters<LanguageModel['generate']>[0]): Promise<string> {
  let result = ''
  for await (const token of model.generate(options)) result += token
  return result
}
