/**
 * What an executor has to do. A program runs on any of them: `wasm` in float32, `reference` in float64.
 */
import type { Program } from '../compile/program.js'

export type Floats = Float32Array | Float64Array

/** Memory of a matrix that outlives programs, in an engine. */
export interface Store {
  readonly length: number
  read(): Floats
  /** The same into an array of this length: what is read at every step had better make no garbage. */
  readInto(values: Floats): void
  /** @param start the element that the first value goes to; default 0 */
  write(values: ArrayLike<number>, start?: number): void
  /** So many of its elements from `start` on, in the same memory. */
  part(start: number, length: number): Store
}

/** What a leaf is bound to for one run. */
export type Binding =
  | { readonly kind: 'store'; readonly store: Store }
  | { readonly kind: 'floats'; readonly values: ArrayLike<number> }
  | { readonly kind: 'integers'; readonly values: ArrayLike<number> }

/** The shape of a leaf, as far as an engine must know it before it is bound. */
export interface LeafLayout {
  readonly kind: Binding['kind']
  readonly length: number
}

/** The place of a value that is not a finite number. */
export interface Fault {
  readonly op: string
  readonly step: number
  readonly value: number
}

export interface Executable {
  readonly program: Program
  run(bindings: readonly Binding[]): void
  /** Runs instruction by instruction and returns the first whose result is not finite. */
  diagnose(bindings: readonly Binding[]): Fault | undefined
}

/** An executable, with what its leaves are bound to. */
export interface Run {
  readonly executable: Executable
  readonly bindings: readonly Binding[]
}

/** How many lanes an engine may have: each has an arena of its own, and its shard of a batch gradients of its own. */
export const mostLanes = 64

export interface Engine {
  /** `wasm relaxed`, `wasm plain` or `reference` */
  readonly name: string
  readonly Floats: Float32ArrayConstructor | Float64ArrayConstructor
  /** How many threads run what is run together; 1: the calling one alone. */
  readonly threads: number
  /** Why there is one thread where more were asked for. */
  readonly whyOneThread: string | undefined
  /** Whether large products are for a library outside, which is the better at them the larger they are. */
  readonly native: boolean
  /** What its stores live in. Engines of one memory can use each other's. */
  readonly memory: object
  /**
   * An engine on the same memory with an arena of its own, so that its programs can run at the same time as those of other lanes. The same
   * one whenever it is asked for; lane 0 is the engine that was started. Throws for what is no whole number from 0 to 63.
   */
  lane(index: number): Engine
  /** Runs all of these, each of another lane, and returns when all are done. At the same time where there are threads. */
  runTogether(runs: readonly Run[]): void
  createStore(length: number): Store
  /** Makes a program runnable. `leaves` tells the kind and size of each slot. */
  prepare(program: Program, leaves: readonly LeafLayout[]): Executable
  /** Copies from the arena, where programs leave their values: valid until the next program of another graph runs. */
  readArena(offset: number, into: Floats): void
  writeArena(offset: number, values: Floats): void
  /** Makes the arena at least this long, keeping what is in it. */
  reserveArena(length: number): void
}
