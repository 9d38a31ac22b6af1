import { describe, expect, test } from 'vitest'
import type { WrittenToken } from '../../src/generate/write.js'
import { score } from '../../src/language/score.js'
import { Session, type SessionState } from '../../src/language/session.js'
import type { VocabularyOptions } from '../../src/text/vocabulary-options.js'
import { Vocabulary } from '../../src/text/vocabulary.js'
import { executors, reference, toleranceOf } from '../support/executors.js'
import { chain, fading, spelling } from './markov.js'

const letters = spelling([...'abcdefg'])
const documents = spelling(['<unknown>', '<start>', '<end>', 'a', 'b', 'c'], { unknown: 0, start: 1, end: 2 })

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const event of events) found.push(event)
  return found
}
const textOf = (events: readonly WrittenToken[]): string => events.map(({ text }) => text).join('')

describe.each(executors)('%s: a session', (_, engine) => {
  const network = fading(engine, 7)
  const session = (seed = 1): Session => new Session(network, letters, seed)
  const options = { temperature: 1, length: 30, repetitionPenalty: 1.2, repetitionWindow: 8 }

  test('goes on from where it stands', async () => {
    const whole = session()
    await whole.read('abc')
    const parts = session()
    await parts.read('a')
    await parts.read('')
    await parts.read('bc')
    const once = await all(whole.stream(options))
    const twice = [
      ...(await all(parts.stream({ ...options, length: 12 }))),
      ...(await all(parts.stream({ ...options, length: 18 }))),
    ]
    expect(textOf(twice)).toBe(textOf(once))
    expect(twice.map(({ logProbability }) => logProbability)).toEqual(once.map(({ logProbability }) => logProbability))
  })

  test('has read all that it has written, and nothing more, when it is left early', async () => {
    const left = session()
    await left.read('abc')
    let written = ''
    for await (const { text } of left.stream(options)) {
      written += text
      if (written.length === 5) break
    }
    const other = session(2)
    await other.read(`abc${written}`)
    expect(left.save().reader).toEqual(other.save().reader)
  })

  test('forks into copies that know nothing of each other', async () => {
    const first = session()
    await first.read('abc')
    await all(first.stream(options))
    const fork = first.fork()
    const other = first.fork({ seed: 9 })
    const next = await all(first.stream(options))
    expect(await all(fork.stream(options))).toEqual(next)
    expect(textOf(await all(other.stream(options)))).not.toBe(textOf(next))
  })

  test('is saved and restored to the bit', async () => {
    const first = session()
    await first.read('abc')
    await all(first.stream(options))
    const saved = JSON.parse(JSON.stringify(first.save())) as SessionState
    const restored = session(77)
    restored.restore(saved)
    expect(restored.save()).toEqual(first.save())
    expect(await all(restored.stream(options))).toEqual(await all(first.stream(options)))
    expect(restored.save()).toEqual(first.save())
  })

  test('writes samples side by side that are what each is alone, and stays where it is', async () => {
    const first = session()
    await first.read('abc')
    const before = first.save()
    const samples = await first.samples({ ...options, count: 6, topP: 0.9 })
    expect(first.save()).toEqual(before)
    expect(new Set(samples.map(({ text }) => text)).size).toBe(6)
    for (let i = 0; i < 6; i++) {
      const [alone] = await first.samples({ ...options, topP: 0.9, first: i })
      expect(alone.text).toBe(samples[i].text)
      expect(alone.tokens).toEqual(samples[i].tokens)
      expect(Math.abs(alone.logProbability - samples[i].logProbability)).toBeLessThan(30 * 10 * toleranceOf(engine))
    }
    expect(textOf(await all(first.stream({ ...options, topP: 0.9 })))).toBe(samples[0].text)
  })

  test('scores a text as it would have written it', async () => {
    const first = session()
    await first.read('a')
    const written = await all(first.stream({ temperature: 1, length: 100 }))
    const scores = await score(network, letters, `a${textOf(written)}`)
    expect(scores.map(({ text }) => text).join('')).toBe(`a${textOf(written)}`)
    expect(scores[0]).toEqual({ token: 0, text: 'a', nats: undefined, bits: undefined })
    written.forEach(({ logProbability }, i) => {
      expect(scores[i + 1].nats).toBeCloseTo(-logProbability, 4)
      expect(scores[i + 1].bits).toBeCloseTo(-logProbability / Math.LN2, 4)
    })
  })
})

describe('writing', () => {
  // a b c d e f g, and again.
  const session = async (): Promise<Session> => {
    const session = new Session(chain(reference, [1, 2, 3, 4, 5, 6, 0]), letters, 1)
    await session.read('a')
    return session
  }

  test('ends before a stop string, which is never given; the session has read it', async () => {
    const one = await session()
    const events = await all(one.stream({ stop: ['ga', 'efa'] }))
    expect(events.map(({ text }) => text)).toEqual(['b', 'c', 'd', '', '', 'ef', ''])
    expect(events.map(({ ended }) => ended)).toEqual([...Array(6).fill(undefined), 'stop'])
    expect(textOf(await all(one.stream({ length: 3 })))).toBe('bcd')
  })

  test('gives what it held back when it ends otherwise', async () => {
    const events = await all((await session()).stream({ stop: 'efa', length: 5 }))
    expect(events.map(({ text }) => text)).toEqual(['b', 'c', 'd', '', 'ef'])
    expect(events.at(-1).ended).toBe('length')
  })

  test('finds a stop string within and across longer tokens', async () => {
    const words = spelling(['one ', 'two. ', 'three'])
    const one = new Session(chain(reference, [1, 2, 0]), words, 1)
    await one.read('one ')
    expect((await one.samples({ stop: '. ' }))[0].text).toBe('two')
    expect((await one.samples({ stop: 'o. th' }))[0]).toMatchObject({ text: 'tw', ended: 'stop', tokens: [1, 2] })
  })

  test('begins with what it must, with the log-probabilities that this has', async () => {
    const one = await session()
    const events = await all(one.stream({ forced: 'ga', length: 4 }))
    expect(textOf(events)).toBe('gabc')
    expect(events.map(({ logProbability }) => Math.round(-logProbability))).toEqual([30, 0, 0, 0])
    await expect(all(one.stream({ forced: 'abc', length: 2 }))).rejects.toThrow(
      'length: 2; must be at least 3, the tokens of the forced text',
    )
  })

  test('never uses what is banned', async () => {
    const [sample] = await new Session(fading(reference, 7), letters, 1).samples({
      banned: ['a', 3],
      length: 300,
      temperature: 3,
    })
    expect(new Set(sample.text)).toEqual(new Set('bcefg'))
  })

  test('without a prompt goes on from a space, or from the first token', async () => {
    const order = [1, 2, 3, 0]
    const write = async (tokens: string): Promise<string> =>
      textOf(await all(new Session(chain(reference, order), spelling([...tokens]), 1).stream({ length: 3 })))
    expect(await write('ab c')).toBe('cab')
    expect(await write('abcd')).toBe('bcd')
  })

  test('of nothing is nothing', async () => {
    expect(await all((await session()).stream({ length: 0 }))).toEqual([])
    expect(await (await session()).samples({ length: 0, count: 2 })).toEqual(
      Array(2).fill({ text: '', tokens: [], logProbability: 0, ended: 'length' }),
    )
    expect(await score(chain(reference, [0]), spelling(['a']), '')).toEqual([])
  })

  test('holds back the bytes of a character until it is whole', async () => {
    const vocabulary = Vocabulary.fromText('', { kind: 'bytes' })
    const bytes = [...new TextEncoder().encode('é€')]
    const next = Array.from({ length: 256 }, (_, byte) => bytes[(bytes.indexOf(byte) + 1) % bytes.length])
    const network = chain(reference, next)
    const write = async (length: number, stop: string[] = []): Promise<string[]> =>
      (await all(new Session(network, vocabulary, 1).stream({ length, stop, forced: 'é' }))).map(({ text }) => text)
    expect(await write(5)).toEqual(['', 'é', '', '', '€'])
    expect(await write(4)).toEqual(['', 'é', '', '\uFFFD'])
    expect(await write(9, ['€'])).toEqual(['', 'é', '', '', ''])
  })
})

describe.each<[string, VocabularyOptions]>([
  ['characters', { kind: 'characters' }],
  ['bytes', { kind: 'bytes' }],
  ['words', { kind: 'words', unknown: true }],
  ['bytes of documents', { kind: 'bytes', documents: true }],
  ['words of documents, in lower case', { kind: 'words', unknown: true, documents: true, lowerCase: true }],
])('%s', (_, options) => {
  const text = 'the naïve cat 😀 sat. the dog ran — and sat. '
  const vocabulary = Vocabulary.fromText(text, options)
  const network = fading(reference, vocabulary.size, 8)

  test('are written as they are decoded, up to a stop string', async () => {
    const one = new Session(network, vocabulary, 1)
    await one.read(text)
    const [whole] = await one.samples({ length: 80, temperature: 2 })
    expect(whole.text).toBe(vocabulary.decode(whole.tokens))
    const stop = [...whole.text].slice(9, 12).join('')
    const [stopped] = await one.samples({ length: 80, temperature: 2, stop })
    expect(stopped.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)))
    const forced = text.slice(3, 21)
    const [begun] = await one.samples({ length: 60, forced })
    expect(begun.text.startsWith(vocabulary.decode(vocabulary.encode(forced)))).toBe(true)
  })

  test('have a surprisal each', async () => {
    const scores = await score(network, vocabulary, text)
    const read = vocabulary.start === undefined ? [] : [vocabulary.start]
    vocabulary.encode(text).forEach((token, i) => {
      expect(scores[i].token).toBe(token)
      if (read.length === 0) expect(scores[i].nats).toBeUndefined()
      else expect(scores[i].nats).toBeCloseTo(-network.logProbabilitiesAfter(read)[token], 9)
      read.push(token)
    })
  })
})

describe('documents', () => {
  // From the start: a b, end.
  const network = chain(reference, [0, 3, 1, 4, 2, 0])
  const session = (): Session => new Session(network, documents, 1)

  test('begin with the start token, and end with the end token', async () => {
    const one = session()
    const events = await all(one.stream())
    expect(events.map(({ text, token, ended }) => [token, text, ended])).toEqual([
      [3, 'a', undefined],
      [4, 'b', undefined],
      [2, '', 'end'],
    ])
    // What follows is a document of its own.
    expect(textOf(await all(one.stream()))).toBe('ab')
  })

  test('go on where the end is banned; the start and the unknown token are never written', async () => {
    const [sample] = await new Session(fading(reference, 6), documents, 1).samples({ banned: [2], length: 200, temperature: 5 })
    expect(sample.ended).toBe('length')
    expect(new Set(sample.tokens)).toEqual(new Set([3, 4, 5]))
  })

  test('may hold the unknown token where that is allowed, or nothing else is left', async () => {
    const sure = new Session(chain(reference, [0, 0, 1, 4, 2, 0]), documents, 1)
    expect((await sure.samples({ length: 3, allowUnknown: true }))[0].tokens).toEqual([0, 0, 0])
    expect((await sure.samples({ length: 3 }))[0].tokens).not.toContain(0)
    expect((await sure.samples({ length: 3, banned: ['a', 'b', 'c', 2] }))[0].tokens).toEqual([0, 0, 0])
  })

  test('have a surprisal for their first token, and for what is unknown', async () => {
    const scores = await score(network, documents, 'ab?')
    expect(scores.map(({ text }) => text)).toEqual(['a', 'b', '<unknown>'])
    expect(scores.map(({ nats }) => Math.round(nats!))).toEqual([0, 0, 30])
    await expect(score(network, letters, 'a?')).rejects.toThrow("text: '?' is not in the vocabulary")
  })
})

describe('beams', () => {
  test('are ranked by the mean that alpha makes of their log-probabilities', async () => {
    const network = fading(reference, 6, 4)
    const one = new Session(network, documents, 1)
    const read = [1]
    for (const alpha of [0, 0.7, 1, 2]) {
      const beams = await one.beams({ width: 40, count: 40, length: 4, alpha })
      expect(beams).toHaveLength(40)
      for (const { tokens, text, logProbability, score: ranked, ended } of beams) {
        const sum = tokens.reduce(
          (total, token, i) => total + network.logProbabilitiesAfter([...read, ...tokens.slice(0, i)])[token],
          0,
        )
        expect(logProbability).toBeCloseTo(sum, 10)
        expect(ranked).toBeCloseTo(sum / tokens.length ** alpha, 10)
        expect(ended).toBe(tokens.at(-1) === 2 ? 'end' : 'length')
        expect(text).toBe(
          tokens
            .filter((token) => token > 2)
            .map((token) => documents.tokens[token])
            .join(''),
        )
      }
      const scores = beams.map(({ score }) => score)
      expect(scores).toEqual([...scores].sort((a, b) => b - a))
    }
  })

  test('end at a stop string, and begin with what they must', async () => {
    const one = new Session(chain(reference, [1, 2, 3, 4, 5, 6, 0]), letters, 1)
    await one.read('a')
    const [best] = await one.beams({ stop: 'ef', forced: 'c' })
    expect(best).toMatchObject({ text: 'cd', tokens: [2, 3, 4, 5], ended: 'stop' })
    expect((await one.beams({ length: 3, banned: ['c'] }))[0].text).not.toContain('c')
  })

  test('of width 1 are what temperature 0 writes', async () => {
    const one = new Session(fading(reference, 7, 6), letters, 1)
    await one.read('abc')
    const [greedy] = await one.samples({ temperature: 0, length: 40 })
    expect(await one.beams({ width: 1, length: 40 })).toMatchObject([{ text: greedy.text, tokens: greedy.tokens }])
  })
})

describe('a session refuses, and stays where it is', () => {
  const session = (): Session => new Session(fading(reference, 7), letters, 1)

  test.each([
    [{ temperature: -1 }, 'temperature: -1; must be 0 or more'],
    [{ temperature: NaN }, 'temperature: NaN; must be 0 or more'],
    [{ topK: 0 }, 'topK: 0; must be a positive integer'],
    [{ topP: 0 }, 'topP: 0; must be above 0 and at most 1'],
    [{ topP: 1.1 }, 'topP: 1.1; must be above 0 and at most 1'],
    [{ minP: -0.1 }, 'minP: -0.1; must be from 0 to 1'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty: 0; must be a positive number'],
    [{ repetitionWindow: 0 }, 'repetitionWindow: 0; must be a whole number from 1 to 4096'],
    [{ temperature: '0.8' as never }, "temperature: '0.8'; must be 0 or more"],
    [{ minP: null as never }, 'minP: null; must be from 0 to 1'],
    [{ length: 1.5 }, 'length: 1.5; must be a whole number, 0 or more'],
    [{ stop: [''] }, 'stop: [""]; must be one or more strings that are not empty'],
    [{ banned: ['ab'] }, "banned: 'ab' is 2 tokens; must be one token of the vocabulary"],
    [{ banned: ['?'] }, "banned: '?' is not in the vocabulary"],
    [{ banned: [7] }, 'banned: 7; must be a token from 0 to 6'],
    [{ banned: [...'abcdefg'] }, 'banned: all 7 tokens of the vocabulary; must leave one that can be written'],
    [{ forced: 'a?' }, "forced: '?' is not in the vocabulary"],
    [{ top: -1 }, 'top: -1; must be a whole number, 0 or more'],
  ])('%j', async (options, message) => {
    const one = session()
    await one.read('ab')
    const before = one.save()
    await expect(all(one.stream(options))).rejects.toThrow(message)
    expect(one.save()).toEqual(before)
  })

  test('forced text that it can only half write', async () => {
    const one = new Session(fading(reference, 6), documents, 1)
    await expect(all(one.stream({ forced: 'a?' }))).rejects.toThrow(
      "forced: 'a?' holds what is not in this model's vocabulary; it cannot be written",
    )
  })

  test('counts and widths that make no sense', async () => {
    const one = session()
    await expect(one.samples({ count: 0 })).rejects.toThrow('count: 0; must be a positive integer')
    await expect(one.samples({ count: 1e9 })).rejects.toThrow(
      /^count: 1000000000; so many texts side by side would take about [\d,]+ MB/,
    )
    await expect(one.beams({ width: 1e9 })).rejects.toThrow(/^width: 1000000000; so many texts side by side would take/)
    await expect(one.samples({ first: -1 })).rejects.toThrow('first: -1; must be a whole number, 0 or more')
    await expect(one.beams({ width: 0 })).rejects.toThrow('width: 0; must be a positive integer')
    await expect(one.beams({ width: 2, count: 3 })).rejects.toThrow('count: 3; must be at most the width, 2')
    await expect(one.beams({ alpha: -1 })).rejects.toThrow('alpha: -1; must be 0 or more')
    expect(() => new Session(fading(reference, 7), letters, 0.5)).toThrow('seed: 0.5')
  })

  test('a text with what it does not know', async () => {
    const one = session()
    await one.read('ab')
    const before = one.save()
    await expect(one.read('ab?')).rejects.toThrow("prompt: '?' is not in the vocabulary")
    expect(one.save()).toEqual(before)
  })

  test('a state that is not of this model', async () => {
    const one = session()
    await one.read('ab')
    const before = one.save()
    const other = new Session(fading(reference, 6), documents, 1)
    await other.read('ab')
    const refused: [unknown, string][] = [
      [undefined, 'state: is not what a session saved'],
      [{ ...before, version: 2 }, 'state: of version 2; this release reads version 1'],
      [{ ...before, recent: [7] }, 'state: its recent tokens are not from 0 to 6'],
      [{ ...before, random: [0, 0, 0, 0] }, 'random state: [0,0,0,0]; must be four 32-bit integers, not all 0'],
      [other.save(), 'logits: is not the 7 numbers that this network carries'],
    ]
    for (const [state, message] of refused) {
      expect(() => one.restore(state as SessionState)).toThrow(message)
      expect(one.save()).toEqual(before)
    }
  })
})
