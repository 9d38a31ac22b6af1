/** Bits a character need characters: those of the part that is measured, not those that a part of its size has on average. */
import { describe, expect, test } from 'vitest'
import { assess, createEngine, CorpusBuilder, LanguageModel } from '../../src/index.js'
import type { CorpusOptions } from '../../src/text/corpus.js'
import { charactersOf, splitCorpus } from '../../src/language/reading.js'

const engine = createEngine({ kernels: 'plain' })
const corpusOf = (text: string, options: CorpusOptions = {}) => {
  const builder = new CorpusBuilder(options)
  for (const document of options.documents ? text.split('\n') : [text]) {
    builder.add(document)
    if (options.documents) builder.endDocument()
  }
  return builder.finish()
}

/** Long words first, short ones at the end, where the text is held out. */
const long = 'immeasurable circumstances notwithstanding '
const short = 'we go on so we do '
const uneven = long.repeat(40) + short.repeat(20)

describe('the characters of a part are', () => {
  test('those of its words, spaces included', () => {
    const corpus = corpusOf(uneven, { kind: 'words' })
    const { training, heldOut } = splitCorpus(corpus, 0.25, 1)
    expect(charactersOf(training, corpus)).toBe(corpus.vocabulary.decode(training.tokens).length)
    expect(charactersOf(heldOut!, corpus)).toBe(corpus.vocabulary.decode(heldOut!.tokens).length)
  })

  test('where a word is unknown, as many as unknown ones have on average', () => {
    // 'aaaa ' and ' bb' are unknown: 4 and 3 characters.
    const corpus = corpusOf('aaaa bb c c c c', { kind: 'words', size: 2 })
    expect(corpus.vocabulary.tokens).toEqual(['<unknown>', ' c'])
    expect(charactersOf({ tokens: corpus.tokens.slice(0, 1) }, corpus)).toBe(3.5)
    expect(charactersOf({ tokens: corpus.tokens.slice(0, 3) }, corpus)).toBe(9)
  })

  test('of documents, without their marks', () => {
    const corpus = corpusOf('Ann\nBartholomew', { documents: true })
    const [, second] = corpus.offsets!
    const part = { tokens: corpus.tokens.slice(second), offsets: Uint32Array.of(0, corpus.tokens.length - second) }
    expect(charactersOf(part, corpus)).toBe('Bartholomew'.length)
  })

  test('not its bytes', () => {
    const corpus = corpusOf('naïve café'.repeat(20) + 'plain'.repeat(40), { kind: 'bytes' })
    expect(charactersOf({ tokens: corpus.tokens.slice(0, 12) }, corpus)).toBe(10)
    expect(charactersOf({ tokens: corpus.tokens.slice(-5) }, corpus)).toBe(5)
  })
})

test.each([false, true])('a validation and an assessment of the same text agree (documents: %s)', (documents) => {
  const corpus = corpusOf(documents ? uneven.replaceAll(' ', '\n').trim() : uneven, { kind: 'words', size: 8, documents })
  const model = LanguageModel.create({ corpus, hidden: 8, embedding: 4, engine })
  const { validation } = model.training({ steps: 1, heldOut: 0.25, streams: 2, window: 8 }).next()
  const { heldOut } = splitCorpus(corpus, 0.25, 1)
  const {
    baselines: _baselines,
    coverage: _coverage,
    ...measured
  } = assess(model, {
    ...heldOut!,
    characters: charactersOf(heldOut!, corpus),
  })
  expect(validation).toMatchObject(measured)
})
