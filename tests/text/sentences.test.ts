import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { splitSentences } from '../../src/text/sentences.js'

describe('the sentences of a text', () => {
  test.each([
    ['He left. She stayed! Why?', ['He left.', 'She stayed!', 'Why?']],
    ['Wait... What? “Yes.” He paid 3.5 dollars.', ['Wait...', 'What?', '“Yes.”', 'He paid 3.5 dollars.']],
    ['  Space around it.   And between. ', ['Space around it.', 'And between.']],
    ['no end', ['no end']],
    ['你好。我很好！是吗？', ['你好。', '我很好！', '是吗？']],
  ])('%j: end where Unicode says so', (text, sentences) => {
    expect(splitSentences(text)).toEqual(sentences)
  })

  test('go on after a line end', () => {
    expect(splitSentences('A line\nends here,\r\nand here\u2028too. Next.')).toEqual(['A line ends here, and here too.', 'Next.'])
  })

  test('end with a blank line', () => {
    expect(splitSentences('A title\n\nA text\r\n \t\r\nand more\u2029and more')).toEqual([
      'A title',
      'A text',
      'and more',
      'and more',
    ])
  })

  test('need capitals to be told apart', () => {
    expect(splitSentences('fine. ok. yes')).toEqual(['fine. ok. yes'])
  })

  test('are none where there is only space', () => {
    expect(splitSentences('')).toEqual([])
    expect(splitSentences(' \n\n\t \r\n')).toEqual([])
  })

  test('have everything but space, in order, and none is empty', () => {
    const piece = fc.constantFrom('Hm', 'ok', '. ', '? ', ' ', '\n', '\r\n', '\n\n', '"', ')', '3.5', '😀', '。', '\u2028')
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (text) => {
        const sentences = splitSentences(text)
        expect(bare(sentences.join(''))).toBe(bare(text))
        for (const sentence of sentences) expect(sentence).toMatch(/^\S(?:[^]*\S)?$/)
      }),
    )
  })

  test('are the same in one paragraph however long it is', () => {
    // Each is a sentence by itself, so all of them in a row are these sentences; some are longer than what is read at once.
    const word = fc.constantFrom('the', 'whale,', '“so”', 'e.g. that', '3.5', '😀', 'ÜBER')
    const sentence = fc.oneof(
      { weight: 20, arbitrary: fc.array(word, { maxLength: 30 }) },
      { weight: 1, arbitrary: fc.array(word, { minLength: 1000, maxLength: 3000 }) },
    )
    fc.assert(
      fc.property(fc.array(sentence, { minLength: 50, maxLength: 100 }), fc.constantFrom('.', '!', '?”', '.)'), (words, end) => {
        const sentences = words.map((words) => ['So', ...words, 'it ended' + end].join(' '))
        expect(splitSentences(sentences.join(' '))).toEqual(sentences)
      }),
      { numRuns: 20 },
    )
  })

  test.each(['en_US!', '', 'x'])("are not told apart in the language '%s'", (locale) => {
    expect(() => splitSentences('Yes. No.', locale)).toThrow(
      `locale: '${locale}'; must be a language tag such as 'en' or 'pt-BR'`,
    )
  })

  test.each([
    ['sentences', 'It was “so”. '],
    ['sentences without an end', 'it was “so” '],
    ['full stops', '.'],
    ['line ends', '\n '],
    ['capitals', 'A. '],
  ])('of a megabyte of %s are found within seconds', (_, piece) => {
    const start = performance.now()
    splitSentences(`“${piece.repeat(1e6 / piece.length)}x`)
    // Each takes less than 1 s; the whole at once would take the segmenter hours.
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})

const bare = (text: string) => text.replace(/[\s\u0085]/g, '')
