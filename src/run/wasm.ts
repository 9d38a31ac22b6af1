/** The wasm executor: programs as flat records in WebAssembly memory, run by one call. Float32. */
import { offsetAt, type Program, type Ref } from '../compile/program.js'
import { Opcode } from '../kernels/opcodes.js'
import type { Binding, Engine, Executable, Fault, Floats, LeafLayout, Store } from './engine.js'
import { faultIn } from './fault.js'
import { Heap } from './heap.js'
import { kernels } from './kernels.generated.js'
import { arena, imageBase, lower, type Image } from './lower.js'
import { Products, type ProductLibrary } from './products.js'

export type KernelBuild = 'plain' | 'relaxed'

interface KernelExports {
  run(first: number, end: number): void
  heapBase(): number
}

const decoded = new Map<KernelBuild, Uint8Array<ArrayBuffer>>()

function bytesOf(build: KernelBuild): Uint8Array<ArrayBuffer> {
  let bytes = decoded.get(build)
  if (!bytes) decoded.set(build, (bytes = Uint8Array.from(atob(kernels[build]), (character) => character.charCodeAt(0))))
  return bytes
}

/** Whether this JavaScript engine takes a build of the kernels. */
export const isSupported = (build: KernelBuild): boolean =>
  typeof WebAssembly === 'object' && WebAssembly.validate(bytesOf(build))

export class WasmEngine implements Engine {
  readonly name: string
  readonly Floats = Float32Array
  readonly heap: Heap
  readonly #exports: KernelExports
  readonly #products: Products | undefined
  #arena = 0
  #arenaLength = 0

  /** Stores and programs go when nobody holds them any more: users never free memory. */
  readonly #finalizers = new FinalizationRegistry<readonly number[]>((blocks) =>
    blocks.forEach((address) => this.heap.release(address)),
  )

  private constructor(build: KernelBuild, memory: WebAssembly.Memory, instance: WebAssembly.Instance, library?: ProductLibrary) {
    this.name = library ? `wasm ${build} + ${library.name}` : `wasm ${build}`
    this.#exports = instance.exports as unknown as KernelExports
    this.heap = new Heap(memory, this.#exports.heapBase())
    this.#products = library && new Products(library, this.heap)
  }

  /**
   * Starts synchronously. Errors: the JavaScript engine lacks WebAssembly SIMD.
   *
   * @param library what large products are given to; default: the kernels do them too
   */
  static create(build: KernelBuild, library?: ProductLibrary): WasmEngine {
    refuseUnsupported(build)
    const memory = createMemory()
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytesOf(build)), { env: { memory } })
    return new WasmEngine(build, memory, instance, library)
  }

  /** The same without blocking, for pages whose browser limits what the main thread may compile at once. */
  static async load(build: KernelBuild): Promise<WasmEngine> {
    refuseUnsupported(build)
    const memory = createMemory()
    const { instance } = await WebAssembly.instantiate(bytesOf(build), { env: { memory } })
    return new WasmEngine(build, memory, instance)
  }

  createStore(length: number): Store {
    const store = new WasmStore(this.heap, length)
    this.#finalizers.register(store, [store.address])
    return store
  }

  prepare(program: Program, leaves: readonly LeafLayout[]): Executable {
    const executable = new WasmExecutable(this, program, lower(program, this.#products?.library.isWorthCalling), leaves)
    this.#finalizers.register(executable, executable.blocks)
    return executable
  }

  readArena(offset: number, length: number): Float32Array {
    const start = (this.#arena >> 2) + offset
    return this.heap.floats.slice(start, start + length)
  }

  writeArena(offset: number, values: ArrayLike<number>): void {
    this.heap.floats.set(values, (this.#arena >> 2) + offset)
  }

  reserveArena(length: number): void {
    if (length <= this.#arenaLength) return
    const old = this.#arena
    const address = this.heap.allocate(length * 4)
    if (old) {
      this.heap.floats.copyWithin(address >> 2, old >> 2, (old >> 2) + this.#arenaLength)
      this.heap.release(old)
    }
    this.#arena = address
    this.#arenaLength = length
  }

  get arenaAddress(): number {
    return this.#arena
  }

  /** @param native which of the records, by number, are for the library */
  execute(first: number, end: number, native: readonly number[]): void {
    let next = first
    for (const number of native) {
      const record = first + number * recordBytes
      if (record > next) this.#exports.run(next, record)
      this.#products!.run(record)
      next = record + recordBytes
    }
    if (next < end) this.#exports.run(next, end)
  }
}

function refuseUnsupported(build: KernelBuild): void {
  if (!isSupported(build)) {
    throw new Error(
      `kernels: '${build}'; this JavaScript engine does not support them (WebAssembly ${build === 'plain' ? '' : 'relaxed '}SIMD)`,
    )
  }
}

/** At most 2 GiB: the kernels compare addresses as signed numbers. */
const createMemory = (): WebAssembly.Memory => new WebAssembly.Memory({ initial: 64, maximum: 32768 })

class WasmStore implements Store {
  readonly address: number
  constructor(
    readonly heap: Heap,
    readonly length: number,
  ) {
    this.address = heap.allocate(length * 4)
  }
  read(): Float32Array {
    return this.heap.floats.slice(this.address >> 2, (this.address >> 2) + this.length)
  }
  readInto(values: Floats): void {
    values.set(this.heap.floats.subarray(this.address >> 2, (this.address >> 2) + this.length))
  }
  write(values: ArrayLike<number>): void {
    this.heap.floats.set(values, this.address >> 2)
  }
}

const recordBytes = 64

class WasmExecutable implements Executable {
  readonly #address: number
  /** Where the data of input leaves is copied for a run, by slot; 0 for leaves with a store of their own. */
  readonly #inputs: number[]
  /** By leaf slot (and the arena): the base that the image's addresses are relative to at present. */
  readonly #bases = new Map<number, number>()

  constructor(
    readonly engine: WasmEngine,
    readonly program: Program,
    readonly image: Image,
    leaves: readonly LeafLayout[],
  ) {
    const { heap } = engine
    this.#address = heap.allocate(image.words.length * 4)
    heap.words.set(image.words, this.#address >> 2)
    this.#inputs = leaves.map(({ kind, length }) => (kind === 'store' ? 0 : heap.allocate(length * 4)))
    this.#rebase(imageBase, this.#address)
    engine.reserveArena(image.arenaEnd)
  }

  run(bindings: readonly Binding[]): void {
    this.#bind(bindings)
    const first = this.#address + this.image.records
    this.engine.execute(first, first + this.image.recordCount * recordBytes, this.image.native)
  }

  diagnose(bindings: readonly Binding[]): Fault | undefined {
    this.#bind(bindings)
    const { records, recordCount, origins } = this.image
    for (let i = 0; i < recordCount; i++) {
      const first = this.#address + records + i * recordBytes
      const opcode = this.engine.heap.words[first >> 2]
      this.engine.execute(first, first + recordBytes, opcode === Opcode.NativeGemm ? [0] : [])
      const { instruction, iteration, t } = origins[i]
      // A packed operand is no result.
      if (opcode === Opcode.Pack) continue
      const fault = faultIn(instruction, t, (ref) => this.#view(ref, iteration, t), Math.fround)
      if (fault) return fault
    }
    return undefined
  }

  /** The memory that it holds. */
  get blocks(): readonly number[] {
    return [this.#address, ...this.#inputs.filter((address) => address !== 0)]
  }

  #bind(bindings: readonly Binding[]): void {
    const { heap } = this.engine
    this.engine.reserveArena(this.image.arenaEnd)
    this.#rebase(arena, this.engine.arenaAddress)
    bindings.forEach((binding, slot) => {
      const address = binding.kind === 'store' ? (binding.store as WasmStore).address : this.#inputs[slot]
      if (address !== this.#bases.get(slot)) this.#rebase(slot, address)
      if (binding.kind === 'floats') heap.floats.set(binding.values, address >> 2)
      else if (binding.kind === 'integers') heap.words.set(binding.values, address >> 2)
    })
  }

  #rebase(slot: number, base: number): void {
    const difference = base - (this.#bases.get(slot) ?? 0)
    if (difference === 0) return
    const { words } = this.engine.heap
    const start = this.#address >> 2
    for (const at of this.image.relocations.get(slot) ?? []) words[start + at] += difference
    this.#bases.set(slot, base)
  }

  #view(ref: Ref, i: number, t: number): (row: number, col: number) => number {
    const { leaf, offset, rowStride } = offsetAt(ref, i, t)
    const { floats } = this.engine.heap
    const start = (this.#bases.get(leaf)! >> 2) + offset
    return (row, col) => floats[start + row * rowStride + col]
  }
}
