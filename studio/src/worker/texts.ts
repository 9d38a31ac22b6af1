/** Texts: where they come from, and what they are as a corpus. */
import { CorpusBuilder, type Corpus, type Vocabulary } from 'unrolled'
import type { TextFacts, TextSource } from '../protocol.js'
import type { Settings } from '../settings.js'
import { heldOutPart } from './held-out.js'

export interface NamedText {
  readonly name: string
  readonly text: string
}

const mostBytes = 200_000_000

/** Throws a sentence for what is no text. */
export async function textOf(source: TextSource): Promise<NamedText> {
  if (source.kind === 'kept') throw new Error(`${source.name}: is not here any more; choose it again`)
  if (source.kind === 'typed') return { name: 'your text', text: source.text }
  if (source.kind === 'corpus') return corpus(source.name)
  const { file } = source
  if (file.size > mostBytes) {
    throw new Error(`${file.name}: has ${megabytes(file.size)} MB; at most ${megabytes(mostBytes)} MB fit in a page`)
  }
  const bytes = await file.arrayBuffer()
  try {
    return { name: file.name, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    throw new Error(`${file.name}: is not text in UTF-8; save it as plain text first`)
  }
}

const fetched = new Map<string, Promise<NamedText>>()

function corpus(name: string): Promise<NamedText> {
  const fetching = fetched.get(name) ?? fetchCorpus(name)
  fetched.set(name, fetching)
  fetching.catch(() => fetched.delete(name))
  return fetching
}

async function fetchCorpus(name: string): Promise<NamedText> {
  // Beside the page, wherever that is: the worker is in a folder of its own.
  const response = await fetch(new URL(`../corpora/${name}.txt`, location.href))
  if (!response.ok) throw new Error(`${name}: could not be fetched (${response.status}); paste a text instead`)
  return { name, text: await response.text() }
}

const megabytes = (bytes: number): string => Math.ceil(bytes / 1e6).toLocaleString('en')

export type Reading = Pick<Settings, 'tokens' | 'documents'>

/** Words that occur once teach nothing, and make the output layer huge. */
const words = { minCount: 2, size: 8000 } as const

/** Throws a sentence for an empty text. */
export function corpusOf({ name, text }: NamedText, { tokens, documents }: Reading, vocabulary?: Vocabulary): Corpus {
  if (text.trim() === '') throw new Error('There is no text yet: paste one, drop a file, or choose a corpus.')
  const kind = vocabulary ? { vocabulary } : tokens === 'words' ? { kind: tokens, ...words } : { kind: tokens }
  const builder = new CorpusBuilder({ ...kind, documents, source: name })
  if (!documents) builder.add(text)
  else {
    for (const line of text.split(/\r?\n/)) {
      if (line.trim() === '') continue
      builder.add(line)
      builder.endDocument()
    }
  }
  return builder.finish()
}

/** The text by a vocabulary that was not made of it: what that cannot spell is left out, and said. */
export function readable(named: NamedText, reading: Reading, vocabulary: Vocabulary): { corpus: Corpus; note: string } {
  const goesOn = `It goes on learning from ${named.name}`
  try {
    return { corpus: corpusOf(named, reading, vocabulary), note: `${goesOn}.` }
  } catch (error) {
    if (vocabulary.kind !== 'characters' || vocabulary.unknown !== undefined) throw error
    const known = new Set(vocabulary.tokens.flatMap((token) => [...token]))
    const isBreak = (letter: string): boolean => reading.documents && letter === '\n'
    const letters = [...named.text]
    const kept = letters.filter((letter) => known.has(letter) || isBreak(letter))
    const text = kept.join('')
    if (text.trim() === '')
      throw new Error(`${named.name}: has no character that the model knows; choose a text that it can read first`)
    const left = letters.length - kept.length
    return {
      corpus: corpusOf({ ...named, text }, reading, vocabulary),
      note: `${goesOn}, without ${left.toLocaleString('en')} characters that it does not know.`,
    }
  }
}

/** Throws a sentence for a text that is too short to hold some of it out. */
export function factsOf({ name, text }: NamedText, corpus: Corpus, settings: Pick<Settings, 'heldOut' | 'seed'>): TextFacts {
  const { tokens, offsets, vocabulary, characters } = corpus
  const heldOut = heldOutPart(corpus, settings)
  return {
    name,
    kind: vocabulary.kind,
    characters,
    tokens: tokens.length,
    heldOut: heldOut?.documents ?? heldOut?.tokens.length ?? 0,
    documents: offsets && offsets.length - 1,
    vocabulary: vocabulary.size,
    beginning: text.slice(0, 1200),
  }
}
