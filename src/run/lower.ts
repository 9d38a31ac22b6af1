/**
 * Lowering for the kernels: flat records of 16 words, with byte addresses. Loops are unrolled here; weights that a loop uses at
 * every step are packed before it, those that several loops use once.
 */
import { GemmFlag, Micro, Opcode, SlotKind } from '../kernels/opcodes.js'
import { offsetAt, resultsOf } from '../compile/program.js'
import type { Block, Instruction, Kernel, LoopInstruction, Place, Program, Ref } from '../compile/program.js'

/** The image of a program: words to copy into memory, and which of them are addresses of what. */
export interface Image {
  readonly words: Int32Array
  /** Byte offset in the image, and number, of the records. */
  readonly records: number
  readonly recordCount: number
  /** By leaf slot (the arena's is −1, the image's own −2): the words to which its base address has to be added. */
  readonly relocations: ReadonlyMap<number, readonly number[]>
  /** End of the arena, in floats, with what the lowering added to it. */
  readonly arenaEnd: number
  /** Numbers of the records that are for a native library to run, in their order. */
  readonly native: readonly number[]
  /** By record: the instruction it came from, with its iteration and its time step. */
  readonly origins: readonly { instruction: Block | Kernel; iteration: number; t: number }[]
}

export const arena = -1
const image = -2

/** Columns of a panel; the kernels' tile is as wide. */
const panel = 8

const opcodes: Readonly<Record<string, Opcode>> = {
  softmax: Opcode.Softmax,
  logSoftmax: Opcode.LogSoftmax,
  softmaxGrad: Opcode.SoftmaxGrad,
  logSoftmaxGrad: Opcode.LogSoftmaxGrad,
  crossEntropy: Opcode.CrossEntropy,
  crossEntropyGrad: Opcode.CrossEntropyGrad,
  normalize: Opcode.Normalize,
  normalizeGrad: Opcode.NormalizeGrad,
  gather: Opcode.Gather,
  scatterAdd: Opcode.ScatterAdd,
  transpose: Opcode.Transpose,
  sumRows: Opcode.SumRows,
  sumCols: Opcode.SumCols,
  sumAll: Opcode.SumAll,
  sumSquares: Opcode.SumSquares,
  sumBlocks: Opcode.SumBlocks,
  maxBlocks: Opcode.MaxBlocks,
}

const micros: Readonly<Record<string, Micro>> = {
  copy: Micro.Copy,
  expand: Micro.Copy,
  repeat: Micro.Copy,
  detach: Micro.Copy,
  add: Micro.Add,
  sub: Micro.Sub,
  mul: Micro.Mul,
  div: Micro.Div,
  min: Micro.Min,
  max: Micro.Max,
  neg: Micro.Neg,
  abs: Micro.Abs,
  sign: Micro.Sign,
  square: Micro.Square,
  sqrt: Micro.Sqrt,
  exp: Micro.Exp,
  log: Micro.Log,
  tanh: Micro.Tanh,
  sigmoid: Micro.Sigmoid,
  relu: Micro.Relu,
  softplus: Micro.Softplus,
  pow: Micro.Pow,
  greater: Micro.Greater,
  greaterEqual: Micro.GreaterEqual,
  select: Micro.Select,
  mulAdd: Micro.MulAdd,
  tanhGrad: Micro.TanhGrad,
  sigmoidGrad: Micro.SigmoidGrad,
  reluGrad: Micro.ReluGrad,
  dropout: Micro.Dropout,
  clamp: Micro.Clamp,
}

/** Whether a product [m, k]·[k, n] is for a native library to run. */
export type IsNative = (m: number, n: number, k: number) => boolean

/** @param isNative default: no product is */
export function lower(program: Program, isNative: IsNative = () => false): Image {
  return new Lowering(program, isNative).finish()
}

/** A word that becomes an address when `base` is known. */
interface Address {
  base: number
  bytes: number
}

type Word = number | Address

const floatBits = (value: number): number => {
  scratch[0] = value
  return scratchBits[0]
}
const scratch = new Float32Array(1)
const scratchBits = new Int32Array(scratch.buffer)

class Lowering {
  readonly #records: Word[][] = []
  readonly #tables: Word[] = []
  readonly #code = new Map<Block, Address>()
  readonly #origins: { instruction: Block | Kernel; iteration: number; t: number }[] = []
  readonly #native: number[] = []
  readonly #copies = new Map<Kernel, Block>()
  readonly #isNative: IsNative
  /** Panels of what several loops multiply by and nothing changes, by what they are packed from; whether they have been. */
  readonly #shared: ReadonlyMap<string, { readonly address: Address; isPacked: boolean }>
  /** Where the panels begin that are for one loop: the next one's take their place. */
  readonly #ownPanels: number
  #arenaEnd: number

  constructor(program: Program, isNative: IsNative) {
    this.#isNative = isNative
    this.#arenaEnd = program.end
    this.#shared = this.#sharedPanels(program)
    this.#ownPanels = this.#arenaEnd
    for (const instruction of program.instructions) this.#lower(instruction)
  }

  finish(): Image {
    const tables = this.#tables.length
    const start = (tables + 15) & ~15
    const words = new Int32Array(start + this.#records.length * 16)
    const relocations = new Map<number, number[]>()
    const put = (at: number, word: Word): void => {
      if (typeof word === 'number') words[at] = word
      else {
        words[at] = word.bytes
        const list = relocations.get(word.base)
        if (list) list.push(at)
        else relocations.set(word.base, [at])
      }
    }
    this.#tables.forEach((word, i) => put(i, word))
    this.#records.forEach((record, i) => record.forEach((word, j) => put(start + i * 16 + j, word)))
    const recordCount = this.#records.length
    const [native, origins] = [this.#native, this.#origins]
    return { words, records: start * 4, recordCount, relocations, arenaEnd: this.#arenaEnd, native, origins }
  }

  #lower(instruction: Instruction): void {
    if (instruction.kind !== 'loop') return this.#pass(instruction, 0, 0, noPanels)
    const { steps, reverse, body } = instruction
    const panels = this.#pack(instruction)
    for (let i = 0; i < steps; i++) for (const inner of body) this.#pass(inner, i, reverse ? steps - 1 - i : i, panels)
  }

  /** Packs what every step multiplies by. */
  #pack(loop: LoopInstruction): ReadonlyMap<Kernel, Address> {
    const panels = new Map<Kernel, Address>()
    let end = this.#ownPanels
    for (const kernel of this.#packedIn(loop)) {
      const shared = this.#shared.get(packedFrom(kernel))
      const address = shared?.address ?? { base: arena, bytes: end * 4 }
      panels.set(kernel, address)
      if (shared?.isPacked) continue
      if (shared) shared.isPacked = true
      else end += panelSize(kernel)
      const b = kernel.inputs[1]
      const { transposeB } = kernel.attributes
      const words = [kernel.out.cols, innerOf(kernel), this.#address(b, 0, 0), b.rowStride * 4, transposeB, address]
      this.#record(kernel, 0, 0, [Opcode.Pack, ...words])
    }
    this.#arenaEnd = Math.max(this.#arenaEnd, end)
    return panels
  }

  /** The products of a loop whose second operand is the same at every step. One row is faster without panels. */
  #packedIn({ steps, body }: LoopInstruction): Kernel[] {
    if (steps < 2) return []
    return body.filter((kernel): kernel is Kernel => {
      if (kernel.kind !== 'kernel' || kernel.op !== 'matmul' || this.#isNativeProduct(kernel)) return false
      const b = kernel.inputs[1]
      return kernel.out.rows > 1 && b.step === 0 && !b.ring && !b.first && !body.some((other) => writesInto(other, b))
    })
  }

  #sharedPanels({ instructions }: Program): Map<string, { address: Address; isPacked: boolean }> {
    const written = new Set<number>()
    const seen = new Set<string>()
    const shared = new Map<string, { address: Address; isPacked: boolean }>()
    for (const instruction of instructions.flatMap((one) => (one.kind === 'loop' ? one.body : [one]))) {
      for (const { ref } of resultsOf(instruction)) written.add(ref.leaf)
    }
    for (const instruction of instructions) {
      if (instruction.kind !== 'loop') continue
      for (const kernel of this.#packedIn(instruction)) {
        const { leaf } = kernel.inputs[1]
        const from = packedFrom(kernel)
        if (leaf < 0 || written.has(leaf) || shared.has(from)) continue
        if (seen.has(from)) {
          shared.set(from, { address: { base: arena, bytes: this.#arenaEnd * 4 }, isPacked: false })
          this.#arenaEnd += panelSize(kernel)
        }
        seen.add(from)
      }
    }
    return shared
  }

  #pass(instruction: Block | Kernel, i: number, t: number, panels: ReadonlyMap<Kernel, Address>): void {
    if (instruction.kind === 'elementwise') this.#block(instruction, i, t)
    else if (instruction.op === 'matmul') this.#gemm(instruction, i, t, panels.get(instruction))
    else this.#kernel(instruction, i, t)
  }

  #gemm(kernel: Kernel, i: number, t: number, packed: Address | undefined): void {
    if (this.#isNativeProduct(kernel)) return this.#nativeGemm(kernel, i, t)
    const { out, inputs, attributes } = kernel
    const [a, b, addend] = inputs.map((ref) => this.#matrix(ref, i, t))
    const c = this.#matrix(out, i, t)
    const inner = innerOf(kernel)
    const flags =
      (attributes.transposeA ? GemmFlag.TransposeA : 0) |
      (packed ? GemmFlag.PackedB : attributes.transposeB ? GemmFlag.TransposeB : 0)
    const added = addend ? [addend[0], inputs[2].rows === 1 && out.rows > 1 ? 0 : addend[1]] : [0, 0]
    this.#record(kernel, i, t, [
      Opcode.Gemm,
      out.rows,
      out.cols,
      inner,
      ...a,
      packed ?? b[0],
      packed ? 0 : b[1],
      ...c,
      ...added,
      flags,
    ])
  }

  #isNativeProduct(kernel: Kernel): boolean {
    return this.#isNative(kernel.out.rows, kernel.out.cols, innerOf(kernel))
  }

  /** A library adds to what lies where the result shall be, so the addend is put there first, where it is not there already. */
  #nativeGemm(kernel: Kernel, i: number, t: number): void {
    const { out, inputs, attributes } = kernel
    const [a, b, addend] = inputs.map((ref) => this.#matrix(ref, i, t))
    const c = this.#matrix(out, i, t)
    if (addend && !(addend[0].base === c[0].base && addend[0].bytes === c[0].bytes)) this.#block(this.#copyOf(kernel), i, t)
    const added = addend ? c : [0, 0]
    const flags = (attributes.transposeA ? GemmFlag.TransposeA : 0) | (attributes.transposeB ? GemmFlag.TransposeB : 0)
    this.#native.push(this.#records.length)
    this.#record(kernel, i, t, [Opcode.NativeGemm, out.rows, out.cols, innerOf(kernel), ...a, ...b, ...c, ...added, flags])
  }

  /** The pass that puts a product's addend where its result shall be. */
  #copyOf(kernel: Kernel): Block {
    let block = this.#copies.get(kernel)
    if (!block) {
      const { out, inputs } = kernel
      const slots = [inputs[2], out].map((ref) => ({ kind: 'matrix' as const, ref }))
      const code = [{ op: 'copy', out: 1, operands: [0], immediate: 0, first: 0 }]
      block = { kind: 'elementwise', rows: out.rows, cols: out.cols, slots, temporaries: 0, code }
      this.#copies.set(kernel, block)
    }
    return block
  }

  /** The other kernels take the shape, the operands with their strides, the result, and what else there is. */
  #kernel(kernel: Kernel, i: number, t: number): void {
    const { op, out, inputs, attributes } = kernel
    const opcode = opcodes[op]
    const matrix = (ref: Ref): Word[] => this.#matrix(ref, i, t)
    const indices = (ref: Ref): Word => this.#address(ref, i, t)
    const [a, b, c] = inputs
    const shape = [a.rows, a.cols]
    const words = (): Word[] => {
      switch (op) {
        case 'crossEntropy':
          return [...shape, ...matrix(a), indices(b), ...matrix(out)]
        case 'crossEntropyGrad':
          return [...shape, ...matrix(a), indices(b), ...matrix(c), ...matrix(out)]
        case 'normalize':
          return [...shape, ...matrix(a), ...matrix(out), floatBits(attributes.epsilon)]
        case 'normalizeGrad':
          return [...shape, ...matrix(a), ...matrix(b), ...matrix(out), floatBits(attributes.epsilon)]
        case 'gather':
          return [out.rows, out.cols, ...matrix(a), indices(b), ...matrix(out)]
        case 'scatterAdd':
          return [...shape, ...matrix(a), indices(b), ...matrix(out), out.rows, attributes.cleared ?? 0]
        case 'sumBlocks':
        case 'maxBlocks':
          return [out.rows, out.cols, ...matrix(a), ...matrix(out), attributes.blocks]
        default:
          return [...shape, ...inputs.flatMap(matrix), ...matrix(out)]
      }
    }
    this.#record(kernel, i, t, [opcode, ...words()])
  }

  #block(block: Block, i: number, t: number): void {
    const { rows, cols, slots, code } = block
    const table: Word[] = []
    for (const slot of slots) {
      if (slot.kind === 'immediate') table.push(SlotKind.Immediate, floatBits(slot.value), 0, 0)
      else {
        const [address, stride] = this.#matrix(slot.ref, i, t)
        const single = slot.ref.rows === 1 && rows > 1
        const modulo = !single && slot.ref.rows < rows ? slot.ref.rows : 0
        const kind = slot.kind === 'matrix' ? SlotKind.Matrix : slot.kind === 'column' ? SlotKind.Column : SlotKind.Scalar
        table.push(kind, address, single ? 0 : stride, modulo)
      }
    }
    const tableAddress = this.#table(table)
    this.#record(block, i, t, [
      Opcode.Elementwise,
      rows,
      cols,
      this.#codeOf(block),
      code.length,
      tableAddress,
      slots.length,
      t * rows,
    ])
  }

  /** The code of a block is the same at every step. */
  #codeOf(block: Block): Address {
    let address = this.#code.get(block)
    if (!address) {
      const words = block.code.flatMap(({ op, out, operands: [a = 0, b = 0, c = 0], immediate, first }) => [
        micros[op],
        out,
        a,
        b,
        c,
        floatBits(immediate),
        first,
        0,
      ])
      this.#code.set(block, (address = this.#table(words)))
    }
    return address
  }

  #table(words: readonly Word[]): Address {
    const bytes = this.#tables.length * 4
    for (const word of words) this.#tables.push(word)
    return { base: image, bytes }
  }

  #address(place: Place, i: number, t: number): Address {
    const { leaf, offset } = offsetAt(place, i, t)
    return { base: leaf, bytes: offset * 4 }
  }

  #matrix(ref: Ref, i: number, t: number): [Address, number] {
    const { leaf, offset, rowStride } = offsetAt(ref, i, t)
    return [{ base: leaf, bytes: offset * 4 }, rowStride * 4]
  }

  #record(instruction: Block | Kernel, iteration: number, t: number, words: Word[]): void {
    this.#records.push(words)
    this.#origins.push({ instruction, iteration, t })
  }
}

/** How many products each element of a matrix product is the sum of. */
const innerOf = ({ inputs: [a], attributes }: Kernel): number => (attributes.transposeA ? a.rows : a.cols)

/** What the panels of a product's second operand are made from, in words. */
const packedFrom = ({ inputs: [, { leaf, offset, rowStride, rows, cols }], attributes: { transposeB } }: Kernel): string =>
  [leaf, offset, rowStride, rows, cols, transposeB].join(' ')

/** How many floats they take. */
const panelSize = (kernel: Kernel): number => Math.ceil(kernel.out.cols / panel) * panel * innerOf(kernel) + 16

/** Whether an instruction of a loop computes part of what `ref` covers, and so changes it from step to step. */
const writesInto = (instruction: Block | Kernel, ref: Ref): boolean =>
  resultsOf(instruction).some(({ ref: out }) => out.leaf === ref.leaf && out.offset < endOf(ref) && ref.offset < endOf(out))

const endOf = ({ offset, rowStride, rows, cols }: Ref): number => offset + (rows - 1) * rowStride + cols

const noPanels: ReadonlyMap<Kernel, Address> = new Map()
export const imageBase = image
