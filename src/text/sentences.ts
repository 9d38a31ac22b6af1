/** Where one sentence of a text ends and the next begins. */

// The segmenter's time grows with the square of what it is given, and a text of megabytes would take hours.
const windowLength = 2048

/**
 * The sentences of a text in order, without the space around them; none is empty, and nothing but space is left out.
 *
 * A blank line ends a sentence. A single line end does not: it becomes a space. Within a paragraph sentences end where Unicode
 * says so (UAX #29, with what `Intl.Segmenter` knows of the language). That looks at capitals: `ok. yes` is one sentence, so
 * split a text before making it lower-case. And it does not know abbreviations: `Mr. Smith` is cut in two. What it knows is the
 * JavaScript engine's, so another version may cut a few sentences elsewhere.
 *
 * Throws if the locale is not a language tag.
 *
 * @param locale the language as a BCP 47 tag; default 'en'
 */
export function splitSentences(text: string, locale = 'en'): string[] {
  const segmenter = segmenterFor(locale)
  const sentences: string[] = []
  for (const paragraph of text.replace(/\r\n?|[\u0085\u2028]/g, '\n').split(/\n\s*\n|\u2029/)) {
    // The segmenter would take every line end for the end of a sentence.
    for (const sentence of segments(segmenter, paragraph.replaceAll('\n', ' ').trim())) {
      const trimmed = sentence.trim()
      if (trimmed) sentences.push(trimmed)
    }
  }
  return sentences
}

/** What the segmenter makes of a paragraph of any length, found in windows. */
function* segments(segmenter: Intl.Segmenter, paragraph: string): Generator<string> {
  let length = windowLength
  for (let start = 0; start < paragraph.length;) {
    const isLast = start + length >= paragraph.length
    let end = 0
    for (const { index, segment } of segmenter.segment(paragraph.slice(start, start + length))) {
      // Whether a sentence ends depends on what follows, so one that ends near the window's end is looked at again.
      if (!isLast && index + segment.length > length / 2) break
      yield segment
      end = index + segment.length
    }
    start += end
    length = end > 0 ? windowLength : 2 * length
  }
}

function segmenterFor(locale: string): Intl.Segmenter {
  try {
    return new Intl.Segmenter(locale, { granularity: 'sentence' })
  } catch {
    throw new Error(`locale: '${locale}'; must be a language tag such as 'en' or 'pt-BR'`)
  }
}
