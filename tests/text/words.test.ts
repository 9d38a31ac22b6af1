import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { splitWords } from '../../src/text/words.js'

const split = (text: string) => splitWords(text).join(' ')

describe('the words of a sentence', () => {
  // The regression tests of nltk's word_tokenize (nltk/test/tokenize.doctest) and of its Treebank tokenizers' documentation;
  // only that double quotes stay.
  test.each([
    [
      'On a $50,000 mortgage of 30 years at 8 percent, the monthly payment would be $366.88.',
      'On a $ 50,000 mortgage of 30 years at 8 percent , the monthly payment would be $ 366.88 .',
    ],
    [
      '"We beat some pretty good teams to get here," Slocum said.',
      '" We beat some pretty good teams to get here , " Slocum said .',
    ],
    [
      'Well, we couldn\'t have this predictable, cliche-ridden, "Touched by an Angel" (a show creator John Masius worked on) wanna-be if she didn\'t.',
      'Well , we could n\'t have this predictable , cliche-ridden , " Touched by an Angel " ( a show creator John Masius worked on ) wanna-be if she did n\'t .',
    ],
    ['I cannot cannot work under these conditions!', 'I can not can not work under these conditions !'],
    ['The company spent $30,000,000 last year.', 'The company spent $ 30,000,000 last year .'],
    ['The company spent 40.75% of its income last year.', 'The company spent 40.75 % of its income last year .'],
    ['He arrived at 3:00 pm.', 'He arrived at 3:00 pm .'],
    ['I bought these items: books, pencils, and pens.', 'I bought these items : books , pencils , and pens .'],
    ['Though there were 150, 100 of them were old.', 'Though there were 150 , 100 of them were old .'],
    ["There were 300,000, but that wasn't enough.", "There were 300,000 , but that was n't enough ."],
    [
      'Good muffins cost $3.88 (roughly 3,36 euros)\nin New York.  Please buy me\ntwo of them.\nThanks.',
      'Good muffins cost $ 3.88 ( roughly 3,36 euros ) in New York. Please buy me two of them. Thanks .',
    ],
    ["They'll save and invest more.", "They 'll save and invest more ."],
    ["hi, my name can't hello,", "hi , my name ca n't hello ,"],
  ])('%j: as nltk documents them', (text, words) => {
    expect(split(text)).toBe(words)
  })

  test.each([
    ["i'm used to.", "i 'm used to ."],
    ["don't they? aren't we?", "do n't they ? are n't we ?"],
    ["it's they'll we've he'd you're", "it 's they 'll we 've he 'd you 're"],
    ["IT'S CAN'T", "IT 'S CA N'T"],
    ['i’m, it’s, don’t, they’ll, CAN’T.', 'i ’m , it ’s , do n’t , they ’ll , CA N’T .'],
    ["he's, he's; (he's)", "he 's , he 's ; ( he 's )"],
    ["the dogs' bones, the dogs’ bones", "the dogs ' bones , the dogs ’ bones"],
    ["rock 'n' roll at five o'clock", "rock 'n ' roll at five o'clock"],
    ['five o’clock', 'five o’clock'],
  ])('%j: a clitic is a word', (text, words) => {
    expect(split(text)).toBe(words)
  })

  test.each([
    ['cannot Cannot CANNOT', 'can not Can not CAN NOT'],
    ["gonna gotta gimme lemme wanna d'ye more'n", "gon na got ta gim me lem me wan na d 'ye more 'n"],
    ["gonna, 'gonna'.", "gon na , ' gon na ' ."],
    ['scannot gonnads wanna-be', 'scannot gonnads wanna-be'],
  ])('%j: two words written as one are two', (text, words) => {
    expect(split(text)).toBe(words)
  })

  test.each([
    ["he said 'hello' and 'bye'.", "he said ' hello ' and ' bye ' ."],
    ['he said ‘hello’ and ‘bye’.', 'he said ‘ hello ’ and ‘ bye ’ .'],
    ["'it's' “we don’t”", "' it 's ' “ we do n’t ”"],
    ["''so'' ``so`` \"so\" „so“ «so»", "'' so '' `` so `` \" so \" „ so “ « so »"],
    ['what?! no... well.. yes… ', 'what ? ! no ... well .. yes …'],
    ['[a](b) {c} <d>', '[ a ] ( b ) { c } < d >'],
    ['AT&T #1 me@home 5% $5 *so*', 'AT & T # 1 me @ home 5 % $ 5 * so *'],
    ['so;so:so,so', 'so ; so : so , so'],
    ['it—he thought–was -- so', 'it — he thought – was -- so'],
    ['a well-known and/or snake_case x^2', 'a well-known and/or snake_case x^2'],
  ])('%j: signs are tokens of their own', (text, words) => {
    expect(split(text)).toBe(words)
  })

  test.each([
    ['the u.s. army left the u.s.', 'the u.s. army left the u.s .'],
    ['1,000 and 3.5, at 3:30.', '1,000 and 3.5 , at 3:30 .'],
    ['(the end.)', '( the end . )'],
    ['"the end."  ', '" the end . "'],
    ["“the ‘end.’”)] '", "“ the ‘ end . ’ ” ) ] '"],
    ['first. second.', 'first. second .'],
    ['.', '.'],
  ])('%j: a full stop is split off at the end only', (text, words) => {
    expect(split(text)).toBe(words)
  })

  test.each([
    'straße naïve ÜBER',
    'привет мир',
    'こんにちは 世界',
    'नमस्ते दुनिया',
    'مرحبا بالعالم',
    'สวัสดี ชาวโลก',
    'cafe\u0301 😀👩‍👩‍👧 𝒶𝒷',
  ])('%j: are words of any script', (text) => {
    expect(splitWords(text)).toEqual(text.split(' '))
  })

  test('are none where there is only space', () => {
    expect(splitWords('')).toEqual([])
    expect(splitWords(' \n\t\u00a0')).toEqual([])
  })

  test('are the text without its space', () => {
    const pieces = [
      "n't",
      'cannot',
      "d'ye",
      "'",
      '’',
      "''",
      '"',
      '`',
      '.',
      '..',
      '…',
      ',',
      ':',
      '1',
      'a',
      'é',
      '-',
      ')',
      ' ',
      '$&',
    ]
    const piece = fc.constantFrom(...pieces, '\n', '日')
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (text) => {
        const words = splitWords(text)
        expect(words.join('')).toBe(text.replace(/\s/g, ''))
        for (const word of words) expect(word).toMatch(/^\S+$/)
      }),
    )
  })

  test('are the same however much space is between them', () => {
    const word = fc.constantFrom("don't", '(so', 'so,', 'u.s.', "dogs'", '"', 'gonna', '1,000', 'well…')
    fc.assert(
      fc.property(fc.array(word), fc.constantFrom('  ', '\n', '\t\r\n ', '\u00a0'), (words, space) => {
        expect(splitWords(space + words.join(space) + space)).toEqual(splitWords(words.join(' ')))
      }),
    )
  })

  test('of a megabyte are found within seconds', () => {
    const start = performance.now()
    expect(splitWords('don\'t stop (so), "ok"? '.repeat(45_000)).length).toBe(11 * 45_000)
    // It takes about 1 s; the bound is wide, for busy machines.
    expect(performance.now() - start).toBeLessThan(10_000)
  })

  test.each(["'", '’', '.', ".'", '. ', ' ', '"', ',', '`', "n't", 'can', '1,'])(
    'of 200,000 times %j are found as fast',
    (piece) => {
      const start = performance.now()
      splitWords(piece.repeat(200_000))
      splitWords(`.${piece.repeat(200_000)}x`)
      // A rule that went over the rest of the text at every sign would take minutes.
      expect(performance.now() - start).toBeLessThan(10_000)
    },
  )
})
