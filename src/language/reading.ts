/** How a corpus is read: which part is trained on, which is held out, and what is side by side. */
import { predictionsOf, type TokenText } from '../metrics/token-text.js'
import type { TextBatches } from '../text/batches.js'
import type { Corpus } from '../text/corpus.js'
import { DocumentBatches } from '../text/document-batches.js'
import { splitDocuments } from '../text/documents.js'
import { graphemes } from '../text/graphemes.js'
import { splitHeldOut, Streams } from '../text/streams.js'
import type { TokenArray } from '../text/token-array.js'
import type { Vocabulary } from '../text/vocabulary.js'

/** A text as tokens of a model, and how many characters it has. */
export interface MeasuredText extends TokenText {
  readonly characters: number
}

/**
 * The two parts of a corpus: of a stream its end is held out, of documents whole ones, which a hash of their content chooses.
 *
 * @param share of the tokens, or of the documents, that is held out; 0: none
 */
export function splitCorpus(corpus: Corpus, share: number, seed: number): { training: TokenText; heldOut?: TokenText } {
  const { tokens, offsets } = corpus
  if (share === 0) return { training: { tokens, offsets } }
  if (!offsets) {
    const parts = splitHeldOut(tokens, share)
    return { training: { tokens: parts.training }, heldOut: { tokens: parts.heldOut } }
  }
  const parts = splitDocuments(corpus, share, seed)
  return { training: gathered({ tokens, offsets }, parts.training), heldOut: gathered({ tokens, offsets }, parts.heldOut) }
}

/** Some of the documents, one after another. */
function gathered({ tokens, offsets }: Required<TokenText>, documents: Uint32Array): TokenText {
  const starts = new Uint32Array(documents.length + 1)
  documents.forEach((document, i) => (starts[i + 1] = starts[i] + offsets[document + 1] - offsets[document]))
  const own = tokens.slice(0, starts[documents.length])
  documents.forEach((document, i) => own.set(tokens.subarray(offsets[document], offsets[document + 1]), starts[i]))
  return { tokens: own, offsets: starts }
}

/** How many sequences are side by side where nobody says. */
const usualBatch = 16

/**
 * A part, in windows for training.
 *
 * @param options.streams of a stream: parts read side by side; of documents: how many
 */
export function trainingBatches(
  part: TokenText,
  { streams, window, seed }: { streams?: number; window: number; seed: number },
): Streams | DocumentBatches {
  const { tokens, offsets } = part
  if (offsets) {
    return streams === undefined
      ? wellFilled({ tokens, offsets }, { window, seed })
      : new DocumentBatches({ tokens, offsets }, { batch: streams, window, seed })
  }
  return new Streams(tokens, { streams: streams ?? fitting(tokens.length, window), window })
}

/** How much of the places may be empty where nobody says how many documents are side by side. */
const mostPadding = 0.1

/** As many documents side by side as usual; fewer where they are few, and so unlike in length that too many places would be empty. */
function wellFilled(part: Required<TokenText>, options: { window: number; seed?: number }): DocumentBatches {
  for (let batch = Math.min(usualBatch, part.offsets.length - 1); ; batch = Math.ceil(batch / 2)) {
    const batches = new DocumentBatches(part, { ...options, batch })
    if (batch === 1 || batches.padding < mostPadding) return batches
  }
}

/**
 * A part of a part, to be measured in its place: of a stream its beginning, of documents some of them, from everywhere; always the same.
 *
 * @param most how many predictions it has at most; of documents, there is one at least
 */
export function measuredPart(part: TokenText, most: number): TokenText {
  const { tokens, offsets } = part
  if (!offsets) return { tokens: tokens.subarray(0, most + 1) }
  const stride = Math.max(1, Math.ceil(predictionsOf(part) / most))
  const chosen: number[] = []
  let predictions = 0
  for (let i = 0; i + 1 < offsets.length; i += stride) {
    predictions += offsets[i + 1] - offsets[i] - 1
    if (predictions > most && chosen.length > 0) break
    chosen.push(i)
  }
  return gathered({ tokens, offsets }, Uint32Array.from(chosen))
}

const measuredWindow = 128

/** A part, to be measured: every prediction once. A stream is read as several, each from an empty state. */
export function measuredBatches({ tokens, offsets }: TokenText): TextBatches {
  if (offsets) {
    return wellFilled({ tokens, offsets }, { window: measuredWindow })
  }
  return new Streams(tokens, { streams: fitting(tokens.length, 2 * measuredWindow), window: measuredWindow })
}

/** As many streams as usual, or as there are windows to fill them. */
const fitting = (length: number, window: number): number => Math.max(1, Math.min(usualBatch, Math.floor((length - 1) / window)))

/** How many characters, as readers see them, each token of a vocabulary spells: of bytes, those that begin a code point count 1. */
function widthsOf({ kind, tokens, unknown, start, end }: Vocabulary): Float64Array {
  const first = [unknown, start, end].filter((index) => index !== undefined).length
  return Float64Array.from(tokens, (token, index) => {
    if (index < first) return 0
    if (kind !== 'bytes') return graphemes(token).length
    const isContinuation = ((index - first) & 0xc0) === 0x80
    return isContinuation ? 0 : 1
  })
}

/**
 * How many characters, as readers see them, the text of a part has: what its tokens spell. An unknown one counts as many as those of
 * the corpus do on average; what code points join to, in a text read as bytes, is the average of the corpus too.
 */
export function charactersOf({ tokens }: TokenText, corpus: Corpus): number {
  const { unknown } = corpus.vocabulary
  const widths = widthsOf(corpus.vocabulary)
  const spelt = (tokens: TokenArray): number => {
    let sum = 0
    for (let i = 0; i < tokens.length; i++) sum += widths[tokens[i]]
    return sum
  }
  if (unknown !== undefined) {
    let unknowns = 0
    for (let i = 0; i < corpus.tokens.length; i++) unknowns += Number(corpus.tokens[i] === unknown)
    if (unknowns > 0) widths[unknown] = Math.max(0, corpus.characters - spelt(corpus.tokens)) / unknowns
  }
  return (spelt(tokens) * corpus.characters) / spelt(corpus.tokens)
}

/** How many characters its predicted tokens stand for: those of the first token of a stream do not count, since it is not predicted. */
export function predictedCharacters({ tokens, offsets, characters }: MeasuredText, vocabulary: Vocabulary): number {
  return offsets ? characters : characters - graphemes(vocabulary.decode([tokens[0]])).length
}
