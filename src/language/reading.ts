/** How a corpus is read: which part is trained on, which is held out, and what is side by side. */
import { predictionsOf, type TokenText } from '../metrics/token-text.js'
import type { TextBatches } from '../text/batches.js'
import type { Corpus } from '../text/corpus.js'
import { DocumentBatches } from '../text/document-batches.js'
import { splitDocuments } from '../text/documents.js'
import { splitHeldOut, Streams } from '../text/streams.js'

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
    return new DocumentBatches({ tokens, offsets }, { batch: streams ?? Math.min(usualBatch, offsets.length - 1), window, seed })
  }
  return new Streams(tokens, { streams: streams ?? fitting(tokens.length, window), window })
}

const measuredWindow = 128

/** A part, to be measured: every prediction once. A stream is read as several, each from an empty state. */
export function measuredBatches({ tokens, offsets }: TokenText): TextBatches {
  if (offsets) {
    return new DocumentBatches({ tokens, offsets }, { batch: Math.min(usualBatch, offsets.length - 1), window: measuredWindow })
  }
  return new Streams(tokens, { streams: fitting(tokens.length, 2 * measuredWindow), window: measuredWindow })
}

/** As many streams as usual, or as there are windows to fill them. */
const fitting = (length: number, window: number): number => Math.max(1, Math.min(usualBatch, Math.floor((length - 1) / window)))

/** How many characters a part's predicted tokens stand for, by the mean length of a token of its corpus that is no mark of a document. */
export function charactersOf(part: TokenText, corpus: Corpus): number {
  const spelt = ({ tokens, offsets }: TokenText): number => tokens.length - (offsets ? 2 * (offsets.length - 1) : 0)
  const predicted = part.offsets ? spelt(part) : predictionsOf(part)
  return (predicted * corpus.characters) / spelt(corpus)
}
