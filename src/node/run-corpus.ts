/** The text of a run, from its folder. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { charactersOf, splitCorpus, type MeasuredText } from '../language/reading.js'
import { planOf } from '../train/train-options.js'
import type { TokenText } from '../metrics/token-text.js'
import { decodeCorpus } from '../text/corpus-file.js'
import { parted } from './run-options.js'
import { readTextConfig } from './run-folder.js'
import { trainOptionsOf } from './training-config.js'

/** What it trains on, and what it holds out. */
export async function readRunCorpus(path: string): Promise<{ training: MeasuredText; heldOut: MeasuredText | undefined }> {
  const { training } = readTextConfig(path)
  const source = join(path, 'corpus.bin')
  const corpus = decodeCorpus(await readFile(source), source)
  const { heldOut: share, seed } = planOf(trainOptionsOf(parted(training)[1])).reading
  const parts = splitCorpus(corpus, share, seed)
  const measured = (part: TokenText): MeasuredText => ({ ...part, characters: charactersOf(part, corpus) })
  return { training: measured(parts.training), heldOut: parts.heldOut && measured(parts.heldOut) }
}
