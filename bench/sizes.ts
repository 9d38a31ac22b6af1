/** How much a page that trains an LSTM loads, with each library: bundled by vite, minified. */
import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'
import type { MachineReport } from './machine.js'
import { versionOf } from './peer.js'
import { table } from './table.js'

export interface SizesReport extends MachineReport {
  readonly vite: string
  readonly pages: readonly PageSize[]
}

/** Bytes. */
export interface PageSize {
  readonly label: string
  readonly ours: boolean
  readonly version?: string
  /** Why there are no numbers. */
  readonly why?: string
  /** The page's script, all that it imports before it begins, and its WebAssembly, minified; and the same, gzipped file by file. */
  readonly minified?: number
  readonly gzipped?: number
  /** What it may load later, gzipped: other backends, the script of a worker. */
  readonly later?: number
}

const pages = [
  { page: 'unrolled.js', label: 'Unrolled', name: undefined },
  { page: 'tfjs.js', label: 'TensorFlow.js with its wasm backend', name: '@tensorflow/tfjs' },
  { page: 'jax.js', label: 'jax-js', name: '@jax-js/jax' },
  { page: 'brain.js', label: 'brain.js', name: 'brain.js' },
]

const place = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export async function pageSizes(): Promise<PageSize[]> {
  const sizes: PageSize[] = []
  for (const { page, label, name } of pages) {
    const about = { label, ours: name === undefined, ...(name ? { version: versionOf(name) } : {}) }
    try {
      sizes.push({ ...about, ...(await sizeOf(page)) })
    } catch (error) {
      sizes.push({ ...about, why: (error as Error).message.split('\n')[0] })
    }
  }
  return sizes
}

async function sizeOf(page: string): Promise<Pick<PageSize, 'minified' | 'gzipped' | 'later'>> {
  const made = await build({
    root: place('bench/peers/pages'),
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { unrolled: place('dist/index.js') } },
    worker: { format: 'es' },
    build: { write: false, target: 'es2022', rolldownOptions: { input: place(`bench/peers/pages/${page}`) } },
  })
  const { output } = (Array.isArray(made) ? made[0] : made) as Rolldown.RolldownOutput
  const chunks = output.filter((file): file is Rolldown.OutputChunk => file.type === 'chunk')
  const first = new Set<string>()
  const visit = (name: string): void => {
    if (first.has(name)) return
    first.add(name)
    chunks.find(({ fileName }) => fileName === name)?.imports.forEach(visit)
  }
  visit(chunks.find(({ isEntry }) => isEntry)!.fileName)
  const bytesOf = (file: (typeof output)[number]): Buffer => Buffer.from(file.type === 'chunk' ? file.code : file.source)
  const zipped = (files: readonly (typeof output)[number][]): number =>
    files.reduce((sum, file) => sum + gzipSync(bytesOf(file), { level: 9 }).length, 0)
  // A page that needs a WebAssembly file cannot begin without it.
  for (const { fileName } of output) if (fileName.endsWith('.wasm')) first.add(fileName)
  const begins = output.filter(({ fileName }) => first.has(fileName))
  return {
    minified: begins.reduce((sum, file) => sum + bytesOf(file).length, 0),
    gzipped: zipped(begins),
    later: zipped(output.filter(({ fileName }) => !first.has(fileName))),
  }
}

export function sizesTable(sizes: readonly PageSize[]): string {
  const own = sizes.find(({ ours }) => ours)?.gzipped
  const kilobytes = (bytes: number): string => (bytes / 1024).toFixed(1)
  const rows = sizes.map(({ label, version, minified, gzipped, later, why }) => {
    const named = version ? `${label} ${version}` : label
    if (minified === undefined || gzipped === undefined) return [named, '–', '', '', '', why ?? '']
    const ratio = own ? (gzipped / own).toFixed(2) : ''
    return [named, kilobytes(minified), kilobytes(gzipped), ratio, kilobytes(later ?? 0), '']
  })
  return table(
    ['a page that trains an LSTM', 'KB minified', 'KB gzipped', 'times ours', 'KB it may load later, gzipped', 'why not'],
    rows,
  )
}
