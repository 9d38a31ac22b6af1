/** A transducer's network at work: greedily, by beam search, or along what is given, on sequences of any lengths. */
import { BeamSearch } from '../generate/beam.js'
import { Reader } from '../generate/reader.js'
import { Graph } from '../graph/graph.js'
import type { Indices, Input, Value } from '../graph/value.js'
import { ConditionedDecoder } from '../nn/conditioned.js'
import { ownTokens } from '../nn/sequence-decoder.js'
import { Buckets } from '../series/buckets.js'
import type { EncodedSequence } from '../series/sequences.js'
import { pack, roundedSteps, type PackedShape } from './packing.js'
import { packOutputs, type Pair } from './pair-windows.js'
import type { PackedInputs } from './reading-layers.js'
import type { TransducerNetwork } from './transducer-network.js'

/** What is written about a source, as numbers of tokens. */
export interface WrittenAbout {
  readonly tokens: readonly number[]
  /** Σ ln p of the tokens, and of the end where it was written. */
  readonly logProbability: number
  /** Whether it came to its end. */
  readonly isEnded: boolean
  /** A row for each token: how much it looked at each step of the source. Undefined without attention. */
  readonly attention: readonly (readonly number[])[] | undefined
  /** How many of the tokens, the end included, are what the network finds likeliest there. */
  readonly likeliest: number
}

interface Built {
  readonly graph: Graph
  readonly inputs: PackedInputs
  readonly ids: Indices
  readonly own: Input | undefined
  readonly logProbabilities: Value
  readonly weights: Value | undefined
}

/** Sequences side by side: the first that is enough. */
const batches = [1, 8, 64]
const largest = batches[batches.length - 1]

interface Shape extends PackedShape {
  readonly written: number
  readonly own: boolean
}

export class TransducerRunner {
  readonly network: TransducerNetwork
  /** Lengths are rounded, so there are few. */
  readonly #built = new Map<string, Built>()

  constructor(network: TransducerNetwork) {
    this.network = network
  }

  /** The likeliest token at each step, until the end is the likeliest, or so many tokens are there. */
  greedy(sources: readonly EncodedSequence[], length: number): WrittenAbout[] {
    return this.#inBatches(
      sources.map((source) => [source.length]),
      (members, batch) => {
        const own = members.map((i) => sources[i])
        return this.#run(own, undefined, { batch, written: roundedSteps(length, 4), limit: length })
      },
    )
  }

  /** What the network thinks of outputs that are given, each token after the right ones before it. */
  along(pairs: readonly Pair[]): WrittenAbout[] {
    return this.#inBatches(
      pairs.map(({ source, output }) => [source.length, output.length + 1]),
      (members, batch) => {
        const own = members.map((i) => pairs[i])
        const longest = Math.max(...own.map(({ output }) => output.length + 1))
        const outputs = own.map(({ output }) => output)
        const written = roundedSteps(longest, 4)
        return this.#run(
          own.map(({ source }) => source),
          outputs,
          { batch, written, limit: written },
        )
      },
    )
  }

  /** The likeliest that a search of so many side by side finds; of those that came to their end, if one did. */
  beam(source: EncodedSequence, width: number, length: number): WrittenAbout {
    const { reading, decoder, engine } = this.network
    const g = new Graph({ engine })
    const decoding = new ConditionedDecoder(decoder, g, reading.readOne(g, source))
    const reader = new Reader(decoding)
    reader.restore({ state: decoding.initial, logits: Array<number>(decoder.tokens).fill(0) })
    reader.read(Int32Array.of(0))
    const isOver = (tokens: readonly number[]): boolean => tokens[tokens.length - 1] === 0
    const bias = new Float64Array(decoder.tokens)
    const search = new BeamSearch(reader, { width, length, forced: [], bias, isOver })
    while (search.step());
    const all = search.hypotheses
    const ended = all.filter(({ isEnded }) => isEnded)
    const best = (ended.length > 0 ? ended : all).reduce((a, b) => (b.logProbability > a.logProbability ? b : a))
    const tokens = best.isEnded ? best.tokens.slice(0, -1) : best.tokens
    const [{ attention, likeliest }] = this.along([{ source, output: Int32Array.from(tokens) }])
    return { tokens, logProbability: best.logProbability, isEnded: best.isEnded, attention, likeliest }
  }

  #inBatches(lengths: readonly number[][], run: (members: number[], batch: number) => WrittenAbout[]): WrittenAbout[] {
    const results = Array<WrittenAbout>(lengths.length)
    const buckets = new Buckets(lengths, { batch: largest, padding: 0.3 })
    for (let i = 0; i < buckets.bucketsPerEpoch; i++) {
      const members = Array.from(buckets.bucket(i).members)
      const batch = batches.find((size) => size >= members.length) ?? largest
      run(members, batch).forEach((one, b) => (results[members[b]] = one))
    }
    return results
  }

  /** @param outputs undefined: what the network writes itself */
  #run(
    sources: readonly EncodedSequence[],
    outputs: readonly Int32Array[] | undefined,
    { batch, written, limit }: { batch: number; written: number; limit: number },
  ): WrittenAbout[] {
    const steps = roundedSteps(Math.max(...sources.map(({ length }) => length)), 4)
    const built = this.#builtFor({ batch, steps, written, own: outputs === undefined })
    built.inputs.set(pack(sources, { batch, steps }))
    built.ids.set(outputs ? packOutputs(outputs, batch, written).ids : new Int32Array(written * batch))
    built.own?.set(ownTokens(written, batch, 1, 0))
    built.graph.run()
    const all = built.logProbabilities.read()
    const weights = built.weights?.read()
    const { tokens: count } = this.network.decoder
    return sources.map(({ length }, b) => {
      const tokens: number[] = []
      const attention: number[][] = []
      let [logProbability, likeliest, isEnded] = [0, 0, false]
      for (let t = 0; t < limit && !isEnded; t++) {
        const row = t * batch + b
        const own = all.subarray(row * count, (row + 1) * count)
        const best = own.indexOf(Math.max(...own))
        const token = outputs ? (outputs[b][t] ?? 0) : best
        logProbability += own[token]
        likeliest += Number(token === best)
        isEnded = token === 0
        if (isEnded) break
        tokens.push(token)
        if (weights) attention.push(Array.from(weights.subarray(row * steps, row * steps + length)))
      }
      return { tokens, logProbability, isEnded, attention: weights && attention, likeliest }
    })
  }

  #builtFor(shape: Shape): Built {
    const { batch, steps, written } = shape
    const key = `${batch} × ${steps} → ${written}${shape.own ? ', own' : ''}`
    const known = this.#built.get(key)
    if (known) return known
    const { network } = this
    const g = new Graph({ engine: network.engine, values: 'kept' })
    const inputs = network.reading.inputs(g, { batch, steps })
    const ids = g.indices(written * batch)
    const own = shape.own ? g.input(written * batch, 1) : undefined
    const options = { own, weights: network.decoder.attention !== undefined }
    const { logits, weights } = network.decoder.forward(g, ids, network.encode(g, inputs), options)
    const logProbabilities = g.keep(g.logSoftmax(logits))
    const built = { graph: g, inputs, ids, own, logProbabilities, weights: weights && g.keep(weights) }
    this.#built.set(key, built)
    return built
  }
}
