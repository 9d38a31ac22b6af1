/** `unrolled export` */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createEngine, toOnnx, toPyTorch, type LanguageModel } from '../index.js'
import { isRun, loadModel, writeFolder, writeWhole } from '../node/index.js'
import { UsageError } from './config-file.js'

export interface ExportFlags {
  to: 'onnx' | 'pytorch'
  out?: string
}

/** @param place the same as `out` */
export async function runExport(path: string, place: string | undefined, { to, out = place }: ExportFlags): Promise<void> {
  if (out === undefined) throw new UsageError('export: no place to write to was given; name it with --out')
  if (place !== undefined && place !== out) throw new UsageError(`export: writes to ${place}, or to ${out}; give one of them`)
  if (resolve(out) === resolve(path)) throw new UsageError(`${out}: is the model itself; write to another place`)
  const model = await loadModel(path, { engine: createEngine({ kernels: 'plain' }) })
  if (to === 'onnx') await writeWhole(out, toOnnx(model))
  else await writeFolder(out, await pytorchFolder(model, path))
  process.stderr.write(`${out}: ${model}\n`)
}

/** With the text as tokens, where the run has it. */
async function pytorchFolder(model: LanguageModel, path: string): Promise<Record<string, Uint8Array | string>> {
  const corpus = join(path, 'corpus.bin')
  const files = toPyTorch(model)
  return isRun(path) && existsSync(corpus) ? { ...files, 'corpus.bin': await readFile(corpus) } : files
}
