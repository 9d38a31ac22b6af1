/** What the colours of a passage stand for. */
import type { Look } from '../protocol.js'

/** A surprise of so many bits has the full colour. */
export const fullBits = 8

/** The activation that has the full colour: a tanh unit stays within 1, others set their own scale. */
export function unitScale({ activations, tokens }: Look, { layer, unit }: { layer: number; unit: number }): number {
  const stack = activations[layer]
  const units = stack.length / tokens.length
  let most = 1
  for (let t = unit; t < stack.length; t += units) most = Math.max(most, Math.abs(stack[t]))
  return most
}
