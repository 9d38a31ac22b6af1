/** An n-gram model of aligned pairs: what a network that makes sequences of sequences has to beat. */
import { refuseUnknown } from '../options/known.js'
import { OptionError } from '../options/option-error.js'
import { align, mostPerToken } from './alignment.js'
import { KneserNey } from './kneser-ney.js'

export interface JointNgramOptions {
  /** The length of the longest n-grams of pairs, 2 to 8. Default 6. */
  order?: number
  /** Beginnings that are followed side by side. Default 16. */
  beam?: number
  /** Of expectation–maximization, for the alignment. Default 8. */
  iterations?: number
}

export interface JointNgram {
  /** How many different pairs of a token and what stands for it there are. */
  readonly pairs: number
  /** How many examples were left out: their outputs are more than twice as long as their inputs. */
  readonly leftOut: number
  /** The output of the likeliest pairs. A token that training did not have stands for nothing. */
  transduce(input: string | readonly string[]): string[]
}

interface Kind {
  readonly output: readonly string[]
  readonly token: number
}

interface Beginning {
  readonly nats: number
  readonly place: Int32Array
  readonly before: Beginning | undefined
  readonly output: readonly string[]
}

/**
 * A joint-sequence model (Bisani & Ney 2008), of the simplest kind: each token of the input stands for none, one or two tokens of the output, as
 * aligned by expectation–maximization; the pairs of both are the words of a Kneser–Ney n-gram model; and of a new input the likeliest pairs
 * are looked for, from left to right.
 *
 * Throws if an option is out of range, or if nothing is left to learn from.
 *
 * @param examples inputs as characters (code points) or tokens, outputs as tokens; an input with several outputs is there with each
 */
export function jointNgram(
  examples: readonly { readonly input: string | readonly string[]; readonly output: readonly string[] }[],
  options: JointNgramOptions = {},
): JointNgram {
  refuseUnknown('jointNgram', options, { order: true, beam: true, iterations: true })
  const { order = 6, beam = 16, iterations = 8 } = options
  if (!(Number.isSafeInteger(order) && order >= 2 && order <= 8))
    throw new OptionError('order', `${order}; must be a whole number, 2 to 8`)
  for (const [name, value] of Object.entries({ beam, iterations })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) throw new OptionError(name, `${value}; must be a positive integer`)
  }
  const [inputs, outputs] = [new Map<string, number>(), new Map<string, number>()]
  const numbered = (names: Map<string, number>, tokens: readonly string[]): Int32Array =>
    Int32Array.from(tokens, (token) => {
      const number = names.get(token) ?? names.size
      names.set(token, number)
      return number
    })
  const used = examples.filter(({ input, output }) => output.length <= mostPerToken * tokensOf(input).length && input.length > 0)
  if (used.length === 0) {
    throw new Error('examples: none whose output is at most twice as long as its input; must be at least one')
  }
  const pairs = used.map(({ input, output }) => ({
    input: numbered(inputs, tokensOf(input)),
    output: numbered(outputs, output),
  }))
  const aligned = align(pairs, iterations)

  // Token 0 begins and ends a sequence of pairs.
  const kinds = new Map<string, Map<string, Kind>>()
  let size = 1
  const texts = used.map(({ input, output }, i) => {
    let from = 0
    const tokens = Array.from(aligned[i]!, (count, at) => {
      const token = tokensOf(input)[at]
      const own = output.slice(from, from + count)
      from += count
      const known = kinds.get(token) ?? new Map<string, Kind>()
      kinds.set(token, known)
      const key = own.join('\u0000')
      const kind = known.get(key) ?? { output: own, token: size++ }
      known.set(key, kind)
      return kind.token
    })
    return [0, ...tokens, 0]
  })
  const offsets = new Uint32Array(texts.length + 1)
  texts.forEach(({ length }, i) => (offsets[i + 1] = offsets[i] + length))
  const model = new KneserNey({ tokens: Int32Array.from(texts.flat()), offsets }, { size, order })

  return {
    pairs: size - 1,
    leftOut: examples.length - used.length,
    transduce(input) {
      let live: Beginning[] = [{ nats: 0, place: model.begin(0), before: undefined, output: [] }]
      for (const token of tokensOf(input)) {
        const known = kinds.get(token)
        if (!known) continue
        const next = live.flatMap((before) =>
          Array.from(known.values(), ({ output, token: kind }): Beginning => {
            const { nats, place } = model.next(before.place, kind)
            return { nats: before.nats + nats, place, before, output }
          }),
        )
        live = next.sort((a, b) => a.nats - b.nats).slice(0, beam)
      }
      const whole = live.map((one) => ({ one, nats: one.nats + model.next(one.place, 0).nats }))
      const parts: (readonly string[])[] = []
      const { one } = whole.reduce((a, b) => (b.nats < a.nats ? b : a))
      for (let at: Beginning | undefined = one; at; at = at.before) parts.unshift(at.output)
      return parts.flat()
    },
  }
}

const tokensOf = (input: string | readonly string[]): readonly string[] => (typeof input === 'string' ? [...input] : input)
