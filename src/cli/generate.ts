/** `unrolled generate` */
import { createEngine, LanguageModel, type EngineOptions } from '../index.js'

export interface GenerateFlags {
  prompt?: string
  length: number
  temperature: number
  seed: number
  kernels?: EngineOptions['kernels']
}

export async function runGenerate(path: string, { prompt, kernels, ...options }: GenerateFlags): Promise<void> {
  const model = await LanguageModel.load(path, { engine: createEngine({ kernels }) }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(`${path}: there is no such file; train a model first, or name one`) : error
  })
  if (prompt) process.stdout.write(prompt)
  for await (const token of model.generate({ prompt, ...options })) process.stdout.write(token)
  process.stdout.write('\n')
}
