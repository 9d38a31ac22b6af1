/** Text from chosen tokens, for each of the rows of a reader. */
import type { Writing } from './decoding.js'
import type { Alternative, Sampler } from './sampler.js'
import type { Spelling } from './spelling.js'
import { StoppedText } from './stops.js'

/** Why writing ended: a stop string appeared, the vocabulary's end token was chosen, or there are as many tokens as were asked for. */
export type Ending = 'stop' | 'end' | 'length'

/** One token that was written. */
export interface WrittenToken {
  /** Which of several samples it belongs to, from 0. */
  readonly sample: number
  readonly token: number
  /**
   * The text that has become certain with this token. Empty while it may yet begin a stop string, or is no whole character yet; then a later
   * token brings it too. All of them together are what was written.
   */
  readonly text: string
  /** ln p of this token in the network's own distribution: at temperature 1, before any filter. */
  readonly logProbability: number
  /** The most likely tokens in that distribution, if they were asked for. */
  readonly top: readonly Alternative[] | undefined
  /** With the last token of a sample, and only there: why it is the last. */
  readonly ended: Ending | undefined
}

/** The text of a whole continuation, up to the first stop string, and what has ended it, if anything has. */
export function writtenText(
  vocabulary: Spelling,
  tokens: readonly number[],
  stop: readonly string[],
): { text: string; ended: 'stop' | 'end' | undefined } {
  const decoder = vocabulary.decoder()
  const text = new StoppedText(stop)
  let written = ''
  for (const token of tokens) {
    if (token === vocabulary.end) return { text: written + text.push(decoder.end()) + text.end(), ended: 'end' }
    written += text.push(decoder.push(token))
    if (text.isStopped) return { text: written, ended: 'stop' }
  }
  return { text: written + text.push(decoder.end()) + text.end(), ended: undefined }
}

/**
 * Writes until every row has ended; one event for each row and token.
 *
 * @param top how many alternatives each token is to come with; 0: none
 */
export function* write(sampler: Sampler, vocabulary: Spelling, writing: Writing, top = 0): Generator<WrittenToken> {
  const { length, stop, forced } = writing
  const rows = Array.from({ length: sampler.reader.batch }, () => ({
    decoder: vocabulary.decoder(),
    text: new StoppedText(stop),
    isOver: false,
  }))
  let writingRows = rows.length
  for (let i = 0; i < length && writingRows > 0; i++) {
    const tokens = sampler.next(i < forced.length ? forced[i] : undefined)
    for (let sample = 0; sample < rows.length; sample++) {
      const row = rows[sample]
      if (row.isOver) continue
      const token = tokens[sample]
      const isEnd = token === vocabulary.end
      let text = isEnd ? '' : row.text.push(row.decoder.push(token))
      const ended = row.text.isStopped ? 'stop' : isEnd ? 'end' : i + 1 === length ? 'length' : undefined
      if (ended) {
        text += row.text.push(row.decoder.end()) + row.text.end()
        row.isOver = true
        writingRows--
        sampler.end(sample)
      }
      const logProbability = sampler.logProbability(sample)
      yield { sample, token, text, logProbability, top: top > 0 ? sampler.top(sample, top) : undefined, ended }
    }
  }
}
