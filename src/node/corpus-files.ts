/** A corpus out of files, read a chunk at a time. */
import { createReadStream } from 'node:fs'
import { CorpusBuilder, corpusNames, type Corpus, type CorpusOptions } from '../text/corpus.js'
import { isOfDocuments, textFormatNames, type TextFormatOptions } from '../text/text-format.js'
import { textReader } from '../text/text-reader.js'
import { Utf8Reader } from '../text/utf8.js'
import { refuseUnknown, type Names } from '../options/known.js'

const standardInput = 'standard input'

export interface ReadCorpusOptions extends Omit<CorpusOptions, 'source'>, TextFormatOptions {
  /** Default: true for every format but `text`. With `text`, each file is a document. */
  documents?: boolean
}

const { source: _, ...ofCorpus } = corpusNames
const names: Names<ReadCorpusOptions> = { ...ofCorpus, ...textFormatNames }

/**
 * Reads UTF-8 files, one after another: one stream of all their text, or all their documents. They are never in memory as a whole.
 *
 * Throws a sentence if one cannot be read, has bytes that are no UTF-8, or is not of the format given, and if there is no text in them.
 *
 * @param paths '-' is standard input
 */
export async function readCorpus(paths: string | readonly string[], options: ReadCorpusOptions = {}): Promise<Corpus> {
  refuseUnknown('readCorpus', options, names)
  const { format, column, header, field, documents = isOfDocuments(format), ...others } = options
  const textFormat: TextFormatOptions = Object.fromEntries(
    Object.entries({ format, column, header, field }).filter(([, value]) => value !== undefined),
  )
  const list = typeof paths === 'string' ? [paths] : paths
  if (list.length === 0) throw new Error('paths: none; give at least one file')
  if (list.indexOf('-') !== list.lastIndexOf('-')) throw new Error(`${standardInput}: is there twice; it can be read only once`)
  const builder = new CorpusBuilder({ ...others, documents, source: list.map(nameOf).join(', ') })
  for (const path of list) {
    const reader = textReader(builder, nameOf(path), textFormat)
    const utf8 = new Utf8Reader(nameOf(path))
    for await (const chunk of chunksOf(path)) reader.push(utf8.push(chunk))
    utf8.end()
    reader.end()
  }
  return documents ? { ...builder.finish(), textFormat } : builder.finish()
}

/** The text of one UTF-8 file, as a whole. '-' is standard input. */
export async function readText(path: string): Promise<string> {
  let text = ''
  for await (const piece of readPieces(path)) text += piece
  return text
}

/** The same in pieces, as they come. */
export async function* readPieces(path: string): AsyncGenerator<string> {
  const utf8 = new Utf8Reader(nameOf(path))
  for await (const chunk of chunksOf(path)) yield utf8.push(chunk)
  utf8.end()
}

/** What messages call a file. */
export const nameOf = (path: string): string => (path === '-' ? standardInput : path)

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* (path === '-' ? process.stdin : createReadStream(path, { highWaterMark: 1 << 18 })) as AsyncIterable<Uint8Array>
  } catch (error) {
    throw new Error(`${nameOf(path)}: ${problem((error as NodeJS.ErrnoException).code)}`)
  }
}

function problem(code: string | undefined): string {
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EISDIR' ? 'is a folder; must be a file' : `cannot be read (${code})`
}
