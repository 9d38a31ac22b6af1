/** `unrolled import` */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createEngine, importModel, type CellName } from '../index.js'
import { importRun, isRun, writeWhole } from '../node/index.js'
import { UsageError } from './config-file.js'

export interface ImportFlags {
  out: string
  vocabulary?: string
  cell?: CellName
  map?: string[]
  dropout?: number
}

export async function runImport(file: string, { out, vocabulary, map, ...options }: ImportFlags): Promise<void> {
  if (resolve(out) === resolve(file)) throw new UsageError(`${out}: is what is imported itself; write to another place`)
  if (isRun(file)) return runImportRun(file, out, { vocabulary, map, ...options })
  const bytes = await read(file)
  const model = importModel(bytes, {
    ...options,
    map: map && mapOf(map),
    vocabulary: vocabulary === undefined ? undefined : jsonOf(await read(vocabulary), vocabulary),
    source: file,
    engine: createEngine({ kernels: 'plain' }),
  })
  await writeWhole(out, model.toBytes())
  process.stderr.write(`${out}: ${model}\n${model.vocabulary}\n`)
}

/** A folder that was exported, with what was trained in it since. */
async function runImportRun(folder: string, out: string, others: Readonly<Record<string, unknown>>): Promise<void> {
  const given = Object.entries(others).find(([, value]) => value !== undefined)
  if (given) throw new UsageError(`--${given[0]}: cannot be given; ${folder} is a folder of ours, which tells it itself`)
  const { model, step, passedOver } = await importRun(folder, { out })
  for (const why of passedOver) process.stderr.write(`passed over: ${why}\n`)
  process.stderr.write(`${out}: ${model}, after step ${step.toLocaleString('en')}\n`)
}

const read = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((error: unknown) => {
    throw new Error(`${path}: cannot be read (${(error as Error).message})`)
  })

function jsonOf(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new Error(`${path}: is not valid JSON (${(error as Error).message})`)
  }
}

function mapOf(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair): [string, string] => {
    const at = pair.lastIndexOf('=')
    if (at < 1) throw new UsageError(`--map: '${pair}'; must be the name of a tensor there, =, and its name here`)
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  return Object.fromEntries(entries)
}
