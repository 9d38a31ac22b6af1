/** What a model's file says beside its tensors. */
import type { Safetensors } from './safetensors.js'

/** JSON that is checked. */
export function parsed<T>(text: string | undefined, source: string, what: string, check: (value: unknown) => T): T {
  try {
    return check(JSON.parse(text ?? ''))
  } catch (error) {
    // JSON's own message may quote what is there, line ends too.
    const why = (error as Error).message.replaceAll(/\p{Cc}+/gu, ' ')
    throw new Error(`${source}: its ${what} cannot be read (${why})`)
  }
}

/** Before memory is asked for, since a configuration may lie. A file that lacks a tensor or two gets a better sentence later. */
export function refuseTooLarge(count: number, tensors: Safetensors['tensors'], source: string): void {
  const held = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)
  if (count > 2 * held) {
    throw new Error(
      `${source}: its configuration asks for ${count.toLocaleString('en')} parameters, the file holds ${held.toLocaleString('en')}`,
    )
  }
}
