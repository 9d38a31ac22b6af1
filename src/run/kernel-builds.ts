/** The kernels as WebAssembly: their two builds, and what an instance has. */
import { kernels } from './kernels.generated.js'

export type KernelBuild = 'plain' | 'relaxed'

export interface KernelExports {
  run(first: number, end: number): void
  heapBase(): number
  scratchBytes(): number
  runTogether(control: number, table: number, jobs: number, threads: number): void
  settle(control: number): void
  keepSums(count: number): void
}

const decoded = new Map<KernelBuild, Uint8Array<ArrayBuffer>>()

export function bytesOf(build: KernelBuild): Uint8Array<ArrayBuffer> {
  let bytes = decoded.get(build)
  if (!bytes) decoded.set(build, (bytes = Uint8Array.from(kernels[build].match(/../g)!, (digits) => Number.parseInt(digits, 16))))
  return bytes
}

/** The kernels with nothing around them. */
export interface BareKernels extends Pick<KernelExports, 'run' | 'heapBase' | 'keepSums'> {
  readonly memory: WebAssembly.Memory
}

/** @param mark what makes them another module to V8, which would otherwise share what it has compiled already */
export function bareKernels(build: KernelBuild, mark: string): BareKernels {
  const memory = createMemory(false)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(marked(bytesOf(build), mark)), { env: { memory } })
  const { run, heapBase, keepSums } = exports as unknown as KernelExports
  return { memory, run, heapBase, keepSums }
}

/** A build with a section of its own at the end, which means nothing. */
export function marked(bytes: Uint8Array<ArrayBuffer>, mark: string): Uint8Array<ArrayBuffer> {
  const name = ascii(mark)
  return Uint8Array.from([...bytes, 0, name.length + 1, name.length, ...name])
}

/** Whether this JavaScript engine takes a build of the kernels. */
export const isSupported = (build: KernelBuild): boolean =>
  typeof WebAssembly === 'object' && WebAssembly.validate(bytesOf(build))

/** The build with its memory import marked as shared, which is another type, so that no build has to be shipped twice. */
export function forSharedMemory(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // An import is: its module's name, its own, each after its length; kind 2 is a memory; its flags: 1 has a maximum, 2 is shared.
  const named = [3, ...ascii('env'), 6, ...ascii('memory'), 2]
  const at = bytes.findIndex((_, i) => named.every((byte, j) => bytes[i + j] === byte))
  const shared = bytes.slice()
  shared[at + named.length] |= 2
  return shared
}

const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0))

export function refuseUnsupported(build: KernelBuild): void {
  if (!isSupported(build)) {
    throw new Error(
      `kernels: '${build}'; this JavaScript engine does not support them (WebAssembly ${build === 'plain' ? '' : 'relaxed '}SIMD)`,
    )
  }
}

/** At most 2 GiB: the kernels compare addresses as signed numbers. */
export const createMemory = (shared: boolean): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: 64, maximum: 32768, shared })
