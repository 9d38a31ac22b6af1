/**
 * A program: what the compiler makes of a tape and what an executor runs. Instructions over places in one arena of floats and in
 * the leaves that are bound when it runs. Nothing in it knows of bytes, tiles or threads.
 */
import type { Attributes } from '../tape/node.js'

/** Where a matrix lies. Offsets, strides and steps are in elements. */
export interface Place {
  /** The slot of a leaf; −1: the arena. */
  readonly leaf: number
  readonly offset: number
  readonly rowStride: number
  /** In a loop: how far block t + 1 lies behind block t. 0: the same at every step. */
  readonly step: number
  /** In a loop, of a value that only the next step reads: two blocks that take turns; `shift` 1 is the one before. */
  readonly ring?: { readonly shift: 0 | 1 }
  /** In a loop: where the value stands at the first step instead. */
  readonly first?: Place
}

export interface Ref extends Place {
  readonly rows: number
  readonly cols: number
}

export type Instruction = Block | Kernel | LoopInstruction

/** A straight-line program for each element of [rows, cols]. */
export interface Block {
  readonly kind: 'elementwise'
  readonly rows: number
  readonly cols: number
  readonly slots: readonly Slot[]
  /** Registers of the block: values that never reach memory. */
  readonly temporaries: number
  readonly code: readonly Micro[]
}

export type Slot =
  /** A matrix of the block's shape; with `rows` smaller, its rows repeat. */
  | { readonly kind: 'matrix'; readonly ref: Ref }
  /** One value a row. */
  | { readonly kind: 'column'; readonly ref: Ref }
  | { readonly kind: 'scalar'; readonly ref: Ref }
  | { readonly kind: 'immediate'; readonly value: number }

export interface Micro {
  readonly op: string
  /** Slot numbers; from `slots.length` on, temporaries. */
  readonly out: number
  readonly operands: readonly number[]
  readonly immediate: number
  /** Of a dropout: the position of its first element, where its matrix is not the beginning of what is dropped from. */
  readonly first: number
}

export interface Kernel {
  readonly kind: 'kernel'
  readonly op: string
  readonly out: Ref
  readonly inputs: readonly Ref[]
  readonly attributes: Attributes
}

export interface LoopInstruction {
  readonly kind: 'loop'
  readonly steps: number
  readonly reverse: boolean
  readonly body: readonly (Block | Kernel)[]
}

export interface Program {
  readonly instructions: readonly Instruction[]
  /** First element of the arena that the program uses, and the one behind its last. */
  readonly base: number
  readonly end: number
  /** Where the outputs that the compiler was asked for lie, in the same order. */
  readonly outputs: readonly Ref[]
  toString(): string
}

/** Where a place lies at iteration `i` of a loop of `steps`. Outside loops: iteration 0 of 1. */
export function offsetAt(place: Place, i: number, t: number): { leaf: number; offset: number; rowStride: number } {
  if (i === 0 && place.first) return place.first
  const { leaf, offset, rowStride, step, ring } = place
  return { leaf, rowStride, offset: offset + (ring ? (i + ring.shift) & 1 : t) * step }
}

/** Every instruction once for each time that it runs, with its iteration and its time step (0 and 0 outside loops). */
export function* unrolled(
  instructions: readonly Instruction[],
): Generator<{ instruction: Block | Kernel; i: number; t: number }> {
  for (const instruction of instructions) {
    if (instruction.kind !== 'loop') yield { instruction, i: 0, t: 0 }
    else {
      const { steps, reverse, body } = instruction
      for (let i = 0; i < steps; i++) {
        for (const inner of body) yield { instruction: inner, i, t: reverse ? steps - 1 - i : i }
      }
    }
  }
}

/** What an instruction leaves in memory, and by which op. */
export function resultsOf(instruction: Block | Kernel): { op: string; ref: Ref }[] {
  if (instruction.kind === 'kernel') return [{ op: instruction.op, ref: instruction.out }]
  return instruction.code.flatMap(({ op, out }) => {
    const slot = instruction.slots[out]
    return slot?.kind === 'matrix' ? [{ op, ref: slot.ref }] : []
  })
}
