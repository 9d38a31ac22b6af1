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
  // With the first character, since the prompt may yet be refused.
  let before = prompt ?? ''
  for await (const token of model.generate({ prompt, ...options })) {
    process.stdout.write(before + token)
    before = ''
  }
  process.stdout.write(`${before}\n`)
}
