// Compiles a few AssemblyScript kernels in memory, as scripts/build-kernels.mjs compiles all of them, and gives tests a memory
// to lay matrices out in. Guard bytes surround whatever is allocated here, so that a stray write shows.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('../..', import.meta.url))
const features = { plain: ['simd'], relaxed: ['simd', 'relaxed-simd'] }

export type Build = keyof typeof features
export const builds = Object.keys(features) as Build[]

/** A rows × cols view with `stride` floats from row to row, at a byte address. */
export interface Block {
  address: number
  rows: number
  cols: number
  stride: number
}

const guard = 0x7fa5a5a5 // a NaN, so that a kernel that reads a guard into its result shows too

export class Kernels<Exports> {
  readonly floats: Float32Array
  readonly words: Int32Array
  private readonly base: number
  private next: number

  constructor(
    readonly build: Build,
    memory: WebAssembly.Memory,
    readonly run: Exports,
    base: number,
  ) {
    this.floats = new Float32Array(memory.buffer)
    this.words = new Int32Array(memory.buffer)
    this.base = this.next = (base + 63) & ~63
  }

  /** Forgets everything allocated so far and fills the memory that it took with guards. */
  reset(): void {
    this.words.fill(guard, this.base >> 2, (this.next >> 2) + 64)
    this.next = this.base
  }

  allocate(count: number): number {
    const address = this.next + 64
    this.next = (address + count * 4 + 64 + 15) & ~15
    if (this.next + 256 > this.words.byteLength) throw new Error('allocate: out of memory; call reset() between cases')
    this.words.fill(guard, (address >> 2) - 16, this.next >> 2)
    return address
  }

  block(rows: number, cols: number, stride = cols): Block {
    return { address: this.allocate(rows * stride), rows, cols, stride }
  }

  matrix(values: ArrayLike<number>, rows: number, cols: number, stride = cols): Block {
    const block = this.block(rows, cols, stride)
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) this.floats[(block.address >> 2) + r * stride + c] = values[r * cols + c]!
    }
    return block
  }

  integers(values: ArrayLike<number>): number {
    const address = this.allocate(values.length)
    this.words.set(values, address >> 2)
    return address
  }

  read({ address, rows, cols, stride }: Block): Float32Array {
    const values = new Float32Array(rows * cols)
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) values[r * cols + c] = this.floats[(address >> 2) + r * stride + c]!
    }
    return values
  }

  /** The bytes of everything allocated but these blocks, to be compared before and after. */
  surroundings(...blocks: Block[]): Buffer {
    const words = this.words.slice(this.base >> 2, (this.next >> 2) + 16)
    for (const { address, rows, cols, stride } of blocks) {
      for (let r = 0; r < rows; r++)
        words.fill(0, ((address - this.base) >> 2) + r * stride, ((address - this.base) >> 2) + r * stride + cols)
    }
    return Buffer.from(words.buffer)
  }
}

/** Compiles `entry`, the text of a module in src/kernels/as. */
export async function compile<Exports>(entry: string, build: Build, pages = 512): Promise<Kernels<Exports>> {
  const name = 'src/kernels/as/entry.test.ts'
  const source = `${entry}\nexport function heapBase(): usize { return __heap_base }\n`
  let bytes = new Uint8Array()
  const { error, stderr } = await asc.main(
    [
      name,
      '--outFile',
      'out.wasm',
      '--baseDir',
      root,
      '--runtime',
      'stub',
      '--importMemory',
      '--noExportMemory',
      '--maximumMemory',
      '65536',
      '--zeroFilledMemory',
      '-O3',
      '--converge',
      '--noAssert',
      '--use',
      'abort=',
      ...features[build].flatMap((feature) => ['--enable', feature]),
    ],
    {
      readFile(file, directory) {
        if (file === name) return source
        try {
          return readFileSync(join(directory, file), 'utf8')
        } catch {
          return null
        }
      },
      writeFile(_file, contents) {
        if (typeof contents !== 'string') bytes = new Uint8Array(contents)
      },
      listFiles: () => [],
    },
  )
  if (error) throw new Error(`${build}: ${stderr.toString()}`, { cause: error })
  // Node 20 has relaxed SIMD behind a flag; later versions have it without.
  if (build === 'relaxed' && Number.parseInt(process.versions.node) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd')
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 })
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } })
  const run = instance.exports as Exports & { heapBase: () => number }
  return new Kernels<Exports>(build, memory, run, run.heapBase())
}

/** Numbers that are the same on every run: mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** n floats around zero, most within ±3. */
export function randomFloats(n: number, next: () => number, scale = 1): Float32Array {
  return Float32Array.from({ length: n }, () => scale * (next() + next() + next() + next() - 2) * 1.7)
}

/** The distance from one float32 to the next above `value`. */
export function ulp(value: number): number {
  const magnitude = Math.max(Math.abs(value), 2 ** -126)
  const exponent = Math.floor(Math.log2(magnitude))
  return 2 ** (exponent - 23)
}

/** How far `actual` is from `expected`, in units of the last place of `expected`; 0 where both are the same non-number. */
export function ulps(actual: number, expected: number): number {
  if (Object.is(actual, expected)) return 0
  if (!Number.isFinite(actual) || Number.isNaN(expected)) return actual === Math.fround(expected) ? 0 : Infinity
  return Math.abs(actual - expected) / ulp(expected)
}

/** Complains about the worst element, if it is further off than `relative`·|expected| + `absolute`. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 1e-6, absolute = 1e-7, what = '' } = {},
): void {
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} values, expected ${expected.length}`)
  let worst = -1
  let excess = 1
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]
    const e = expected[i]
    if (a === e || Object.is(a, e) || a === Math.fround(e)) continue
    const off = Number.isFinite(a) && Number.isFinite(e) ? Math.abs(a - e) / (relative * Math.abs(e) + absolute) : Infinity
    if (off > excess) {
      excess = off
      worst = i
    }
  }
  if (worst >= 0) {
    throw new Error(
      `${what}: element ${worst} is ${actual[worst]}, expected ${expected[worst]} (${excess.toFixed(1)} × the tolerance)`,
    )
  }
}
