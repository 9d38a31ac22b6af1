/** A program in readable form. */
import type { Block, Instruction, Kernel, Place, Program, Ref, Slot } from './program.js'

export function print({ instructions, base, end }: Omit<Program, 'toString'>): string {
  const lines = instructions.flatMap((instruction) => printed(instruction, ''))
  return [`program: ${(end - base).toLocaleString('en')} floats of arena`, ...lines].join('\n')
}

function printed(instruction: Instruction, indent: string): string[] {
  if (instruction.kind === 'kernel') return [indent + kernel(instruction)]
  if (instruction.kind === 'elementwise') return block(instruction).map((line) => indent + line)
  const { steps, reverse, body } = instruction
  const head = `loop ${steps} steps${reverse ? ', from the last to the first' : ''}`
  return [indent + head, ...body.flatMap((inner) => printed(inner, `${indent}  `))]
}

function kernel({ op, out, inputs, attributes }: Kernel): string {
  const name = op === 'matmul' ? `gemm ${attributes.transposeA ? 'T' : 'N'}${attributes.transposeB ? 'T' : 'N'}` : op
  const [a, b, addend] = inputs.map(reference)
  const operands = op === 'matmul' ? `${a} × ${b}${addend ? ` + ${addend}` : ''}` : inputs.map(reference).join(', ')
  return `${reference(out)} = ${name} ${operands}`
}

function block({ rows, cols, slots, code }: Block): string[] {
  const name = (slot: number): string => (slot < slots.length ? slotName(slots[slot]) : `r${slot - slots.length}`)
  return [
    `elementwise [${rows}, ${cols}]`,
    ...code.map(({ op, out, operands, immediate }) => {
      const rest = op === 'pow' || op === 'dropout' ? `, ${immediate}` : ''
      return `  ${name(out)} = ${op} ${operands.map(name).join(', ')}${rest}`
    }),
  ]
}

function slotName(slot: Slot): string {
  if (slot.kind === 'immediate') return String(slot.value)
  return reference(slot.ref)
}

function reference(ref: Ref): string {
  return `${place(ref)}[${ref.rows}, ${ref.cols}]`
}

function place({ leaf, offset, step, ring, first }: Place): string {
  const at = leaf < 0 ? `@${offset}` : `leaf${leaf}${offset ? `+${offset}` : ''}`
  if (ring) return `${at}${ring.shift ? '(before)' : '(now)'}`
  return `${at}${step ? `+${step}t` : ''}${first ? '(or first)' : ''}`
}
