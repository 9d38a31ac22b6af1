/**
 * Protocol Buffers' wire format, as far as ONNX needs it: a message is a list of fields, each a number, a kind, and a value.
 *
 * What is written are lists of pieces, put together once at the end: weights lie deep in nested messages, and would be copied at each level.
 */

/** Bytes in several pieces. */
export type Pieces = readonly Uint8Array[]

const [varintKind, wideKind, bytesKind, narrowKind] = [0, 1, 2, 5]

const lengthOf = (pieces: Pieces): number => pieces.reduce((sum, { length }) => sum + length, 0)

// Of 64 bits, seven in each byte.
const longestVarint = 10

/** Seven bits a byte, the lowest first; all but the last have the eighth bit set. */
function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return [...bytes, rest]
}

const tag = (field: number, kind: number): number[] => varint(field * 8 + kind)

/** A whole number, 0 or more. */
export const integer = (field: number, value: number): Pieces => [Uint8Array.from([...tag(field, varintKind), ...varint(value)])]

export const bytes = (field: number, value: Uint8Array): Pieces => message(field, [value])

export const string = (field: number, value: string): Pieces => bytes(field, new TextEncoder().encode(value))

/** A message inside another. */
export function message(field: number, ...parts: readonly Pieces[]): Pieces {
  const pieces = parts.flat()
  return [Uint8Array.from([...tag(field, bytesKind), ...varint(lengthOf(pieces))]), ...pieces]
}

/** The whole message in one piece. */
export function joined(...parts: readonly Pieces[]): Uint8Array {
  const pieces = parts.flat()
  const whole = new Uint8Array(lengthOf(pieces))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** The fields of a message that hold bytes, strings or messages; numbers are passed over. Throws a sentence where it is torn. */
export function* fieldsOf(whole: Uint8Array): Generator<{ field: number; value: Uint8Array }> {
  let at = 0
  const next = (): number => {
    let value = 0
    for (let digit = 0, factor = 1; digit < longestVarint; digit++, factor *= 0x80) {
      const byte = whole[at++]
      if (byte === undefined) throw new Error('is cut short')
      value += (byte % 0x80) * factor
      if (byte < 0x80) return value
    }
    throw new Error(`has a number at byte ${at} that does not end`)
  }
  while (at < whole.length) {
    const start = at
    const head = next()
    const [field, kind] = [Math.floor(head / 8), head % 8]
    if (kind === varintKind) next()
    else if (kind === wideKind) at += 8
    else if (kind === narrowKind) at += 4
    else if (kind === bytesKind) {
      const length = next()
      if (length > whole.length - at) throw new Error('is cut short')
      yield { field, value: whole.subarray(at, at + length) }
      at += length
    } else throw new Error(`has a field of kind ${kind} at byte ${start}; there is no such kind`)
  }
  if (at > whole.length) throw new Error('is cut short')
}
