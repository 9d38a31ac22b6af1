import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Vocabulary } from '../../src/index.js'
import { readCorpus } from '../../src/node/corpus-files.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unrolled-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('files', () => {
  test('are one stream, whatever falls on the border of two chunks', async () => {
    // 11 bytes a line, which divides no power of two.
    const text = 'ae\u0301👍🏽\n'.repeat(60_000)
    const path = await file('long.txt', `\ufeff${text}`)
    const { vocabulary, tokens, characters } = await readCorpus(path)
    expect(vocabulary.tokens).toEqual(['\n', 'a', 'e\u0301', '👍🏽'])
    expect(characters).toBe(240_000)
    expect(tokens).toHaveLength(240_000)
    expect(tokens.every((token, i) => token === [1, 2, 3, 0][i % 4])).toBe(true)
  })

  test('follow one another', async () => {
    const [a, b] = [await file('a.txt', 'one\r'), await file('b.txt', '\ufeff\ntwo')]
    const stream = await readCorpus([a, b, a])
    expect(stream.vocabulary.decode(stream.tokens)).toBe('one\r\ntwoone\r')
    expect(stream.vocabulary.tokens).toContain('\r\n')
    const documents = await readCorpus([a, b], { documents: true })
    expect(documents.offsets).toEqual(Uint32Array.of(0, 6, 12))
  })

  test('of lines, tables and JSON lines are all their documents', async () => {
    const lines = await readCorpus([await file('1.txt', 'a\nb'), await file('2.txt', 'c\n')], { format: 'lines' })
    expect([...lines.offsets!]).toEqual([0, 3, 6, 9])
    expect(lines.vocabulary.decode(lines.tokens)).toBe('abc')
    const csv = await readCorpus(await file('t.csv', 'id,body\n1,"a, b"\n2,c\n'), {
      format: 'csv',
      column: 'body',
      kind: 'words',
    })
    expect([...csv.offsets!]).toEqual([0, 5, 8])
    const jsonl = await readCorpus(await file('t.jsonl', '{"body":"a"}\n{"body":"b"}\n'), { format: 'jsonl', field: 'body' })
    expect([...jsonl.offsets!]).toEqual([0, 3, 6])
    const { vocabulary } = jsonl
    expect((await readCorpus(join(folder, '1.txt'), { format: 'lines', vocabulary })).vocabulary).toBe(vocabulary)
  })

  test('that cannot be read say why', async () => {
    const refused = (paths: string | string[], options?: Parameters<typeof readCorpus>[1]) =>
      expect(readCorpus(paths, options)).rejects
    await mkdir(join(folder, 'folder'))
    await refused(join(folder, 'none.txt')).toThrow(`${join(folder, 'none.txt')}: there is no such file`)
    await refused(join(folder, 'folder')).toThrow(`${join(folder, 'folder')}: is a folder; must be a file`)
    await refused(`${await file('x.txt', 'x')}/y`).toThrow('x.txt/y: cannot be read (ENOTDIR)')
    await refused([]).toThrow('paths: none; give at least one file')
    await refused(['-', '-']).toThrow('standard input: is there twice; it can be read only once')
    await refused(await file('empty.txt', '')).toThrow(`${join(folder, 'empty.txt')}: is empty; must have at least one character`)
    await refused(await file('empty.txt', '\n\n'), { format: 'lines' }).toThrow('empty.txt: is empty')
    await refused(join(folder, 'x.txt'), { format: 'lines', documents: false }).toThrow(
      "documents: false; must be true with format 'lines'",
    )
    await refused(join(folder, 'x.txt'), { vocabulary: Vocabulary.fromText('a') }).toThrow(
      "x.txt: 'x' (character 1) is not in this model's",
    )
    const broken = new Uint8Array(400_000).fill(0x61)
    broken[300_000] = 0xc3
    await refused(await file('broken.txt', broken)).toThrow(`${join(folder, 'broken.txt')}: byte 300,001 is not valid UTF-8`)
    await refused(await file('cut.txt', Uint8Array.of(0x61, 0xe2, 0x82))).toThrow('cut.txt: byte 2 is not valid UTF-8')
  })
})
