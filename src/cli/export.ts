/** `unrolled export` */
import { resolve } from 'node:path'
import { createEngine, toOnnx, toPyTorch } from '../index.js'
import { exportRun, isRun, loadModel, writeFolder, writeWhole } from '../node/index.js'
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
  else await writeFolder(out, isRun(path) ? await exportRun(path) : toPyTorch(model))
  process.stderr.write(`${out}: ${model}\n`)
}
