/** `unrolled export` */
import { createEngine, toOnnx } from '../index.js'
import { loadModel, writeWhole } from '../node/index.js'
import { UsageError } from './config-file.js'

export interface ExportFlags {
  to: 'onnx'
  out?: string
}

/** @param place the same as `out` */
export async function runExport(path: string, place: string | undefined, { out = place }: ExportFlags): Promise<void> {
  if (out === undefined) throw new UsageError('export: no place to write to was given; name it with --out')
  const model = await loadModel(path, { engine: createEngine({ kernels: 'plain' }) })
  const bytes = toOnnx(model)
  await writeWhole(out, bytes)
  process.stderr.write(`${out}: ${bytes.length.toLocaleString('en')} bytes, ${model}\n`)
}
