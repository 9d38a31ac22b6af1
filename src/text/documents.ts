/** Documents held out: whole ones, and never one that is trained on too. */
import type { Corpus } from './corpus.js'
import { count } from './encoder.js'
import { finish, mix } from './mix.js'
import { OptionError } from '../options/option-error.js'

/** A corpus of documents. */
export type Documents = Pick<Corpus, 'tokens'> & { readonly offsets: Uint32Array }

/** Throws if a corpus is one stream. */
export function documentsOf({ tokens, offsets }: Pick<Corpus, 'tokens' | 'offsets'>): Documents {
  if (!offsets) throw new Error('corpus: is one stream; must be of documents')
  return { tokens, offsets }
}

/**
 * The numbers of the documents to train on and of those held out to measure what the model has learnt. A hash of each one's tokens decides,
 * so documents that are the same are on the same side, wherever they stand. Where many are, the share is met as well as can be.
 *
 * Throws if there are fewer than two different documents.
 *
 * @param share of the documents, to hold out; above 0 and below 1, default 0.05. At least one document is
 * @param seed another one holds out others; default 1
 */
export function splitDocuments(
  corpus: Pick<Corpus, 'tokens' | 'offsets'>,
  share = 0.05,
  seed = 1,
): { training: Uint32Array; heldOut: Uint32Array } {
  if (!(share > 0 && share < 1)) throw new OptionError('share', `${share}; must be above 0 and below 1`)
  if (!Number.isSafeInteger(seed)) throw new OptionError('seed', `${seed}; must be a whole number`)
  const { tokens, offsets } = documentsOf(corpus)
  const documents = offsets.length - 1
  const hashes = new Uint32Array(documents)
  for (let i = 0; i < documents; i++) {
    let state = mix(mix(0, seed | 0), Math.floor(seed / 0x100000000))
    for (let at = offsets[i]; at < offsets[i + 1]; at++) state = mix(state, tokens[at])
    hashes[i] = finish(mix(state, offsets[i + 1] - offsets[i]))
  }
  const least = leastKept(hashes.toSorted(), Math.max(1, Math.round(documents * share)))
  if (least === undefined) {
    const which = documents === 1 ? 'only one' : `${count(documents)}, all the same`
    throw new Error(`documents: ${which}; must be two different ones at least, to train on one and hold out the other`)
  }
  const all = Uint32Array.from(hashes.keys())
  return { training: all.filter((i) => hashes[i] >= least), heldOut: all.filter((i) => hashes[i] < least) }
}

/** The hash from which on documents are kept, so that about as many as wanted are not, but never all and never none. */
function leastKept(sorted: Uint32Array, wanted: number): number | undefined {
  const hash = sorted[wanted - 1]
  // Those with this hash are held out together or not at all: whichever comes nearer.
  const from = sorted.indexOf(hash)
  const to = sorted.lastIndexOf(hash) + 1
  const isBetterWithout = to === sorted.length || wanted - from < to - wanted
  const cut = from > 0 && isBetterWithout ? from : to
  return sorted[cut]
}
