/** The wasm executor: programs as flat records in WebAssembly memory, run by one call. Float32. */
import { offsetAt, type Program, type Ref } from '../compile/program.js'
import { Opcode } from '../kernels/opcodes.js'
import type { Binding, Engine, Executable, Fault, Floats, LeafLayout, Run, Store } from './engine.js'
import { faultIn } from './fault.js'
import { Heap } from './heap.js'
import {
  bytesOf,
  createMemory,
  forSharedMemory,
  marked,
  refuseUnsupported,
  type KernelBuild,
  type KernelExports,
} from './kernel-builds.js'
import { arena, imageBase, lower, type Image } from './lower.js'
import { sumsOfNewEngine } from './sums.js'
import { Products, type ProductLibrary } from './products.js'
import { laneOf } from './lanes.js'
import { failedWord } from './thread-start.js'
import { controlBytes, Threads, whyNoThreads } from './threads.js'

/** What all lanes of an engine share. */
interface Core {
  readonly build: KernelBuild
  readonly exports: KernelExports
  readonly heap: Heap
  readonly lanes: WasmEngine[]
  readonly team: Team | undefined
  readonly whyOneThread: string | undefined
  /** Native code for large products, which the calling thread alone can call. */
  readonly products: Products | undefined
  /** Programs, lowered. */
  readonly images: WeakMap<Program, Image>
  /** Stores and programs go when nobody holds them any more: users never free memory. */
  readonly finalizers: FinalizationRegistry<readonly number[]>
}

/** The threads beside the calling one, and the memory through which they are called. */
interface Team {
  readonly threads: Threads
  /** How many, the calling one among them. */
  readonly count: number
  readonly control: number
  /** Address of a table of jobs, and how many it has room for. */
  table: number
  room: number
}

const coreOf = (
  build: KernelBuild,
  exports: KernelExports,
  heap: Heap,
  { team, whyOneThread, library }: { team?: Team; whyOneThread?: string; library?: ProductLibrary } = {},
): Core => {
  const products = library && new Products(library, heap)
  const finalizers = new FinalizationRegistry<readonly number[]>((blocks) => blocks.forEach((address) => heap.release(address)))
  return { build, exports, heap, lanes: [], team, whyOneThread, products, images: new WeakMap(), finalizers }
}

/** Threads live as long as the engine that they are for. */
const teams = new FinalizationRegistry<Threads>((threads) => threads.stop())

export class WasmEngine implements Engine {
  readonly name: string
  readonly Floats = Float32Array
  readonly #core: Core
  #arena = 0
  #arenaLength = 0

  private constructor(core: Core) {
    this.name = core.products ? `wasm ${core.build} + ${core.products.library.name}` : `wasm ${core.build}`
    this.#core = core
    core.lanes.push(this)
  }

  /**
   * Starts synchronously. Errors: the JavaScript engine lacks WebAssembly SIMD.
   *
   * @param library what large products are given to; default: the kernels do them too
   * @param wide whether to compile kernels anew, with V8 as it is told to be now, for vectors of 256 bits; default: as engines are started since
   * `useWideVectors`
   */
  static create(build: KernelBuild, library?: ProductLibrary, wide = false): WasmEngine {
    refuseUnsupported(build)
    const memory = createMemory(false)
    const bytes = wide ? marked(bytesOf(build), 'engine') : bytesOf(build)
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
    return WasmEngine.#of(build, memory, exports, {
      wide,
      library,
      whyOneThread: library && 'native products are for the calling thread',
    })
  }

  /**
   * The same without blocking, for pages whose browser limits what the main thread may compile at once.
   *
   * @param threads how many, the calling one among them; where there cannot be so many, there is one
   */
  static async load(build: KernelBuild, threads = 1): Promise<WasmEngine> {
    refuseUnsupported(build)
    if (threads > 1) {
      const whyNot = whyNoThreads()
      return whyNot === undefined ? WasmEngine.#loadThreads(build, threads) : WasmEngine.#loadOne(build, whyNot)
    }
    return WasmEngine.#loadOne(build)
  }

  static async #loadOne(build: KernelBuild, whyOneThread?: string): Promise<WasmEngine> {
    const memory = createMemory(false)
    const { instance } = await WebAssembly.instantiate(bytesOf(build), { env: { memory } })
    return WasmEngine.#of(build, memory, instance.exports, { whyOneThread })
  }

  static #of(
    build: KernelBuild,
    memory: WebAssembly.Memory,
    exports: WebAssembly.Exports,
    { wide = false, ...more }: { whyOneThread?: string; library?: ProductLibrary; wide?: boolean },
  ): WasmEngine {
    const own = exports as unknown as KernelExports
    const sums = sumsOfNewEngine(build)
    own.keepSums(wide ? 24 : sums)
    return new WasmEngine(coreOf(build, own, new Heap(memory, own.heapBase()), more))
  }

  static async #loadThreads(build: KernelBuild, count: number): Promise<WasmEngine> {
    try {
      const memory = createMemory(true)
      const module = await WebAssembly.compile(forSharedMemory(bytesOf(build)))
      const exports = (await WebAssembly.instantiate(module, { env: { memory } })).exports as unknown as KernelExports
      const sums = sumsOfNewEngine(build)
      exports.keepSums(sums)
      const heap = new Heap(memory, exports.heapBase())
      const control = heap.allocate(controlBytes(count))
      const starts = Array.from({ length: count - 1 }, (_, i) => {
        return { module, memory, sums, control, thread: i + 1, scratch: heap.allocate(exports.scratchBytes()) }
      })
      const threads = await Threads.start(starts)
      const team = { threads, count, control, table: heap.allocate(8), room: 1 }
      const engine = new WasmEngine(coreOf(build, exports, heap, { team }))
      teams.register(engine.#core, threads)
      return engine
    } catch (error) {
      return WasmEngine.#loadOne(build, `threads did not start: ${(error as Error).message}`)
    }
  }

  get heap(): Heap {
    return this.#core.heap
  }

  get memory(): object {
    return this.#core.heap
  }

  get threads(): number {
    const { team } = this.#core
    return team && team.threads.failure === undefined ? team.count : 1
  }

  get native(): boolean {
    return this.#core.products !== undefined
  }

  get whyOneThread(): string | undefined {
    const { team, whyOneThread } = this.#core
    return team?.threads.failure ?? whyOneThread
  }

  lane(index: number): WasmEngine {
    return laneOf(this.#core.lanes, index, () => new WasmEngine(this.#core))
  }

  createStore(length: number): Store {
    const { heap, finalizers } = this.#core
    const store = new WasmStore(heap, heap.allocate(length * 4), length)
    finalizers.register(store, [store.address])
    return store
  }

  prepare(program: Program, leaves: readonly LeafLayout[]): Executable {
    const { images, products, finalizers } = this.#core
    let image = images.get(program)
    if (!image) images.set(program, (image = lower(program, products?.library.isWorthCalling)))
    const executable = new WasmExecutable(this, program, image, leaves)
    finalizers.register(executable, executable.blocks)
    return executable
  }

  readArena(offset: number, into: Floats): void {
    const start = (this.#arena >> 2) + offset
    into.set(this.heap.floats.subarray(start, start + into.length))
  }

  writeArena(offset: number, values: ArrayLike<number>): void {
    this.heap.floats.set(values, (this.#arena >> 2) + offset)
  }

  reserveArena(length: number): void {
    if (length <= this.#arenaLength) return
    const { heap } = this
    const old = this.#arena
    const address = heap.allocate(length * 4)
    if (old) {
      heap.floats.copyWithin(address >> 2, old >> 2, (old >> 2) + this.#arenaLength)
      heap.release(old)
    }
    this.#arena = address
    this.#arenaLength = length
  }

  get arenaAddress(): number {
    return this.#arena
  }

  /** @param native which of the records, by number, are for the library */
  execute(first: number, end: number, native: readonly number[]): void {
    const { exports, products } = this.#core
    let next = first
    for (const number of native) {
      const record = first + number * recordBytes
      if (record > next) exports.run(next, record)
      products!.run(record)
      next = record + recordBytes
    }
    if (next < end) exports.run(next, end)
  }

  runTogether(runs: readonly Run[]): void {
    const { team, heap } = this.#core
    if (!team || this.threads === 1 || runs.length === 1) {
      for (const { executable, bindings } of runs) executable.run(bindings)
      return
    }
    if (runs.length > team.room) {
      heap.release(team.table)
      team.table = heap.allocate(runs.length * 8)
      team.room = runs.length
    }
    // All are bound before any runs: to bind may make the memory grow.
    const jobs = runs.map(({ executable, bindings }) => (executable as WasmExecutable).bind(bindings))
    jobs.forEach(({ first, end }, i) => heap.words.set([first, end], (team.table >> 2) + 2 * i))
    const { exports } = this.#core
    let thread: number
    try {
      exports.runTogether(team.control, team.table, jobs.length, team.count)
    } finally {
      exports.settle(team.control)
      const failed = (team.control >> 2) + failedWord
      thread = heap.words[failed]
      heap.words[failed] = 0
    }
    if (thread !== 0) throw new Error(`threads: thread ${thread + 1} of ${team.count} has failed in a kernel`)
  }
}

class WasmStore implements Store {
  constructor(
    readonly heap: Heap,
    readonly address: number,
    readonly length: number,
    /** Keeps the memory that this is a part of. */
    readonly whole?: Store,
  ) {}
  read(): Float32Array {
    return this.heap.floats.slice(this.address >> 2, (this.address >> 2) + this.length)
  }
  readInto(values: Floats): void {
    values.set(this.heap.floats.subarray(this.address >> 2, (this.address >> 2) + this.length))
  }
  write(values: ArrayLike<number>, start = 0): void {
    this.heap.floats.set(values, (this.address >> 2) + start)
  }
  part(start: number, length: number): Store {
    return new WasmStore(this.heap, this.address + start * 4, length, this)
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
    const { first, end } = this.bind(bindings)
    this.engine.execute(first, end, this.image.native)
  }

  diagnose(bindings: readonly Binding[]): Fault | undefined {
    this.bind(bindings)
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

  /** Makes it ready to run, and tells where its records are. */
  bind(bindings: readonly Binding[]): { first: number; end: number } {
    const { heap } = this.engine
    this.engine.reserveArena(this.image.arenaEnd)
    this.#rebase(arena, this.engine.arenaAddress)
    bindings.forEach((binding, slot) => {
      const address = binding.kind === 'store' ? (binding.store as WasmStore).address : this.#inputs[slot]
      if (address !== this.#bases.get(slot)) this.#rebase(slot, address)
      if (binding.kind === 'floats') heap.floats.set(binding.values, address >> 2)
      else if (binding.kind === 'integers') heap.words.set(binding.values, address >> 2)
    })
    const first = this.#address + this.image.records
    return { first, end: first + this.image.recordCount * recordBytes }
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
