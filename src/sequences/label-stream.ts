/** Labels of live data: a sequence that comes step by step. */
import { Stream, type StreamState } from '../nn/stream.js'
import type { SequenceInput } from '../series/sequences.js'
import type { LabelConfig, LabelModel, SequenceStep, Told } from './label-model.js'

export class LabelStream {
  readonly model: LabelModel
  readonly #stream: Stream

  /** @internal use `stream` of a model */
  constructor(model: LabelModel) {
    const { network, config } = model
    const { encoder } = config
    this.model = model
    this.#stream = new Stream({
      engine: network.engine,
      input: encoder.tokens.length + encoder.width,
      stateSizes: network.reading.recurrent.stateSizes,
      forward(g, x, { state }) {
        const { output, state: after } = network.goOn(g, x, state)
        return { output: g.softmax(output), state: after }
      },
    })
  }

  /** Steps read so far. */
  get steps(): number {
    return this.#stream.steps
  }

  /**
   * Takes in a step. A tagger gives the label of this step; a classifier that of the sequence, as if it ended here. Throws, having taken in
   * nothing, for what is no step of such sequences.
   */
  step(step: SequenceStep): Told {
    const { encoder } = this.model.config
    const one = encoder.encode(sequenceOf(step), 'step')
    const x = new Float64Array(encoder.tokens.length + encoder.width)
    if (one.tokens.length > 0 && one.tokens[0] >= 0) x[one.tokens[0]] = 1
    x.set(one.numbers, encoder.tokens.length)
    return this.model.named(this.#stream.step(x))[0]
  }

  /** An independent stream that stands where this one stands. */
  fork(): LabelStream {
    const fork = new LabelStream(this.model)
    fork.restore(this.save())
    return fork
  }

  /** Begins anew. */
  reset(): void {
    this.#stream.reset()
  }

  /** Where it stands, as plain data that JSON keeps exactly. */
  save(): StreamState {
    return this.#stream.save()
  }

  /** Goes on from what `save` gave. Throws, having changed nothing, for anything else. */
  restore(saved: StreamState): void {
    this.#stream.restore(saved)
  }
}

/** A token is one step, however many signs it has. */
function sequenceOf(step: SequenceStep): SequenceInput {
  if (typeof step === 'string') return [step]
  if (typeof step === 'number') return [step]
  if (typeof step === 'object' && step !== null && 'token' in step) {
    const { token, numbers } = step
    return { tokens: [token], numbers: typeof numbers === 'number' ? [numbers] : [numbers] }
  }
  return [step]
}

/** Throws, with the reason, where a sequence has to be whole before anything can be said of it. */
export function refuseStream({ bidirectional, pooling }: Pick<LabelConfig, 'bidirectional' | 'pooling'>): void {
  if (bidirectional) {
    throw new Error(
      'step: this model is bidirectional; its backward half begins at the end of a sequence, which live data has not. Train with bidirectional: false',
    )
  }
  if (pooling !== null && pooling !== 'last') {
    throw new Error(
      `step: pooling '${pooling}' is over all steps of a sequence, of which a stream keeps the last. Train with pooling: 'last'`,
    )
  }
}
