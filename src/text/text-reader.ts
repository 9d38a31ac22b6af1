/** Reads a text of any form into a corpus: all of it, a document a line, a column of a table, a field of JSON lines. */
import type { CorpusBuilder } from './corpus.js'
import { CsvColumn } from './csv.js'
import { count } from './encoder.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown } from '../options/known.js'
import { isOfDocuments, textFormatNames, type TextFormatOptions } from './text-format.js'

/** Reads a text, a piece at a time. */
export interface TextReader {
  push(text: string): void
  end(): void
}

/**
 * Puts one text into a corpus. Throws where an option belongs to another form, and where the corpus is one stream and the form has documents.
 *
 * @param source what messages call the text
 */
export function textReader(builder: CorpusBuilder, source: string, options: TextFormatOptions = {}): TextReader {
  refuseUnknown('textReader', options, textFormatNames)
  const { format = 'text', column, header, field = 'text' } = options
  if (isOfDocuments(format) && !builder.documents)
    throw new OptionError('documents', `false; must be true with format '${format}'`)
  for (const [name, belongs] of [
    ['column', 'csv'],
    ['header', 'csv'],
    ['field', 'jsonl'],
  ] as const) {
    if (options[name] !== undefined && format !== belongs)
      throw new OptionError(name, `only with format '${belongs}', not '${format}'`)
  }
  const document = (text: string): void => {
    builder.add(text)
    builder.endDocument()
  }
  if (format === 'csv') {
    const reader = new CsvColumn({ column, header, source })
    return { push: (text) => reader.push(text).forEach(document), end: () => reader.end().forEach(document) }
  }
  if (format === 'jsonl') return jsonLines(document, source, field)
  if (format === 'lines')
    return lines(
      (text) => builder.add(text),
      () => builder.endDocument(),
    )
  return {
    push: (text) => builder.add(text),
    end: () => {
      if (builder.documents) builder.endDocument()
    },
  }
}

/** Gives the parts of each line, and its end. A line of any length is never there as a whole. */
function lines(part: (text: string) => void, end: () => void): TextReader {
  let held = ''
  return {
    push(text) {
      const all = held + text
      let from = 0
      for (let at = all.indexOf('\n'); at >= 0; at = all.indexOf('\n', from)) {
        part(all.slice(from, at > from && all[at - 1] === '\r' ? at - 1 : at))
        end()
        from = at + 1
      }
      // It may belong to the line's end.
      held = all.length > from && all.endsWith('\r') ? '\r' : ''
      part(all.slice(from, all.length - held.length))
    },
    end() {
      part(held)
      held = ''
      end()
    },
  }
}

function jsonLines(document: (text: string) => void, source: string, field: string): TextReader {
  let number = 0
  let parts: string[] = []
  const refuse = (what: string): never => {
    throw new Error(`${source}: line ${count(number)} ${what}`)
  }
  const take = (line: string): void => {
    number++
    if (line.trim() === '') return
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch (error) {
      refuse(`is not JSON (${(error as Error).message})`)
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('is no object; must be one, with fields')
    const fields = value as Record<string, unknown>
    if (!Object.hasOwn(fields, field)) {
      const names = Object.keys(fields)
      const has = names.length > 0 ? names.slice(0, 12).join(', ') + (names.length > 12 ? ', …' : '') : 'none'
      refuse(`has no field '${field}'; its fields: ${has}`)
    }
    const text = fields[field]
    if (typeof text !== 'string')
      refuse(`has a field '${field}' that is ${text === null ? 'null' : typeof text}; must be a string`)
    document(text as string)
  }
  return lines(
    (text) => parts.push(text),
    () => {
      take(parts.join(''))
      parts = []
    },
  )
}
