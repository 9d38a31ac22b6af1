/**
 * The command, given what it should not be given. Whatever that is: one sentence on standard error, nothing on standard output, an exit
 * code of its own, and every file that was there as it was.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lock } from '../../src/node/lock.js'
import { environment, root, type Outcome } from './support.js'

const command = join(root, 'dist/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'unrolled-bad-'))
const isRoot = process.getuid?.() === 0
const at = (...path: string[]): string => join(folder, ...path)
const small = ['--kernels', 'plain', '--hidden', '4', '--embedding', '2', '--layers', '1', '--steps', '4', '--sample-length', '3']

function run(args: readonly string[], { uid }: { uid?: number } = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: environment,
    uid,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

/** In a shell that lets no file be larger than so many kilobytes. */
const runLimited = (kilobytes: number, args: readonly string[]): Outcome =>
  spawnSync('bash', ['-c', `ulimit -f ${kilobytes} && exec "$0" "$@"`, process.execPath, command, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Every file below a folder, with a hash of its content. */
function contents(path = folder): Record<string, string> {
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(path, name)).isFile())
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(path, name)))
        .digest('hex'),
    ]),
  )
}

function refused(args: readonly string[], status: number, sentence: RegExp | string, options?: Parameters<typeof run>[1]): void {
  const before = contents()
  const outcome = run(args, options)
  expect(outcome.stderr).toMatch(sentence)
  // What was meant stands in a line of its own.
  expect(outcome.stderr).toMatch(/^(unrolled|error): [^\n]+\n(\(Did you mean [^\n]+\?\)\n)?$/)
  expect(outcome.stdout).toBe('')
  expect(outcome.status).toBe(status)
  expect(contents()).toEqual(before)
}

const sound = 'the quick brown fox jumps over the lazy dog. '.repeat(20)
const files: Record<string, string | Buffer> = {
  'sound.txt': sound,
  'empty.txt': '',
  'one.txt': 'x',
  'five.txt': 'abcde',
  'latin.txt': Buffer.from('caf\xe9 '.repeat(50), 'latin1'),
  'cut.txt': Buffer.from('hello é').subarray(0, -1),
  'one-document.txt': 'hello world\n',
  'same.txt': 'hello world\n'.repeat(30),
  'blank.txt': '\n\r\n\n',
  'table.csv': 'id,body\n1,"open\n',
  'rows.jsonl': '{"text":"a"}\n{"text":3}\n',
  'wrong.jsonl': '{"text":"a"}\n{"te\n',
  'list.json': '[1]',
  'torn.json': '{"hidden":',
  'unknown.json': '{"hiden":3}',
  'type.json': '{"hidden":"many"}',
  'several.json': '{"hidden":[8,16]}',
  'flag.json': '{"tied":"yes"}',
  'choice.json': '{"cell":"lstn"}',
}

beforeAll(() => {
  for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content)
  // Others than its owner look in here.
  chmodSync(folder, 0o755)
  const { status, stderr } = run(['train', 'sound.txt', '--out', 'run', ...small, '--checkpoint-every', '1'])
  if (status !== 0) throw new Error(stderr)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a text', () => {
  test.each([
    ['that is empty', ['empty.txt'], 'empty.txt: is empty; must have at least one character'],
    [
      'of one character',
      ['one.txt'],
      'text: a length of 1 leaves 1 to train on and 0 held out; each needs at least 2 tokens. Give a longer text',
    ],
    ['of one character, all trained on', ['one.txt', '--held-out', '0'], 'text: length 1; must be at least 2 tokens'],
    ['of five', ['five.txt'], 'text: a length of 5 leaves 5 to train on and 0 held out'],
    ['in Latin-1', ['latin.txt'], 'latin.txt: byte 4 is not valid UTF-8'],
    ['cut within a character', ['cut.txt'], 'cut.txt: byte 7 is not valid UTF-8'],
    ['that is not there', ['missing.txt'], 'missing.txt: there is no such file'],
    ['that is a folder', ['run'], 'run: is a folder; must be a file'],
    ['of one document', ['one-document.txt', '--documents', 'lines'], 'documents: only one; must be two different ones at least'],
    ['of the same document', ['same.txt', '--documents', 'lines'], 'documents: 30, all the same; must be two different ones'],
    ['of blank lines', ['blank.txt', '--documents', 'lines'], 'blank.txt: is empty'],
    ['that is a table without the column', ['table.csv', '--csv-column', 'text'], /table\.csv: has no column 'text'/],
    ['that is a table with a quote left open', ['table.csv', '--csv-column', 'body'], /^unrolled: table\.csv: /],
    ['that is JSON of another type', ['rows.jsonl', '--json-field', 'text'], /^unrolled: rows\.jsonl: line 2/],
    ['that is no JSON', ['wrong.jsonl', '--json-field', 'text'], /^unrolled: wrong\.jsonl: line 2/],
  ])('%s is refused', (_, args, sentence) => refused(['train', '--out', 'new', ...small, ...args], 1, sentence))

  test.each([
    ['with NUL and CR LF, shorter than a window', 'a\0b\r\nc'.repeat(9), []],
    ['of a few tokens, with a larger vocabulary', 'abracadabra '.repeat(5), ['--vocabulary', '100000', '--window', '1000000']],
    ['of one document, all trained on', 'hello world\n', ['--documents', 'lines', '--held-out', '0']],
    ['of unpaired accents and emoji', 'e\u0301 👩‍👩‍👧 '.repeat(20), []],
  ])('%s is no bad text', (name, text, more) => {
    writeFileSync(at('odd.txt'), text)
    const { status, stdout, stderr } = run(['train', 'odd.txt', '--out', `fine/${name}`, ...small, ...more])
    expect([status, stdout], stderr).toEqual([0, ''])
  })
})

describe('an option', () => {
  test.each([
    [['--hidden', '0'], 2, "unrolled: --hidden: '0'; must be a whole number, 1 or more\n"],
    [['--layers', '0'], 2, "unrolled: --layers: '0'; must be a whole number"],
    [['--hidden', 'a\nb'], 2, "unrolled: --hidden: 'a b'; must be a whole number, 1 or more\n"],
    [['--vocabulary', '1'], 2, 'must be a whole number, 2 or more'],
    [['--stesp', '5'], 2, 'Did you mean --steps?'],
    [['--optimizer', 'adm'], 2, 'must be one of adam, adamw, rmsprop, adagrad, sgd. Did you mean adam?'],
    [
      ['--hidden', '1000000'],
      2,
      /--hidden: 1000000; the model's 4,000,\d{3},\d{3},\d{3} parameters would take 15,25\d,\d{3} MB of memory, and there can be 2,048 MB/,
    ],
    [['--layers', '100000000'], 2, /--layers: 100000000; the model's [\d,]+ parameters would take [\d,]+ MB of memory/],
    [['--embedding', '100000000'], 2, /--embedding: 100000000; the model's [\d,]+ parameters would take [\d,]+ MB of memory/],
    [['--streams', '1000000'], 2, '--streams: 1000000; must be at most 854 for a text of 855 tokens'],
    [['--patience', '3', '--held-out', '0'], 2, '--patience: 3; needs held-out text to measure'],
    [['--schedule', 'cosine', '--minutes', '1'], 2, "--schedule: 'cosine'; needs steps or epochs"],
    [['--tokens', 'bytes', '--min-count', '2'], 2, '--min-count: not for bytes'],
    [['--epochs', '3'], 2, '--epochs: 3; not together with a number of steps'],
    [
      ['--tied', '--embedding', '3'],
      2,
      '--tied: true with an embedding of 3 and layers of 4; tied weights need both to be the same',
    ],
  ] as const)('%j is refused', (args, status, sentence) => {
    const own = small.filter(
      (_, i) => !(args as readonly string[]).includes(small[i - (i % 2)]) && !(args[0] === '--schedule' && i >= 8 && i < 10),
    )
    refused(['train', 'sound.txt', '--out', 'new', ...own, ...args], status, sentence)
  })
})

describe('an option of generate', () => {
  test.each([
    [
      ['--count', '1000000000'],
      /^unrolled: --count: 1000000000; so many texts side by side would take about [\d,]+ MB of memory/,
    ],
    [['--top', '3'], '--top: needs --json'],
    [['--alpha', '1'], '--alpha: needs --beams'],
    [['--seed', '99999999999999999999'], 'must be a whole number from 0 to 9007199254740991'],
    [['--prompt', 'the 👩‍👩‍👧'], "(U+1F469 U+200D U+1F469 U+200D U+1F467, character 5) is not in this model's vocabulary"],
    [
      [...new Set(sound)].flatMap((token) => ['--ban', token]),
      /^unrolled: --ban: all \d+ tokens of the vocabulary; must leave one/,
    ],
  ])('%j is refused', (args, sentence) => refused(['generate', 'run', ...args], 2, sentence))
})

describe('how documents are told apart', () => {
  test.each([
    [['evaluate', 'run', 'sound.txt', '--documents', 'lines'], "--documents: 'lines'; the model was trained on one text"],
    [['score', 'run', 'sound.txt', '--csv-column', 'body'], "--csv-column: 'body'; the model was trained on one text"],
    [['train', 'sound.txt', '--from', 'run', '--out', 'new', '--json-field', 'x'], "--json-field: 'x'; the model was trained on"],
    [['evaluate', 'run', '--documents', 'lines'], '--documents: cannot be given without a file'],
  ])('%j is refused', (args, sentence) => refused(args, 2, `unrolled: ${sentence}`))
})

describe('a configuration', () => {
  test.each([
    ['missing.json', 'missing.json: cannot be read (there is no such file)'],
    ['torn.json', /torn\.json: cannot be read \(.*JSON/],
    ['list.json', 'list.json: must be a JSON object of options, such as { "hidden": 256 }'],
    ['unknown.json', "unknown.json: 'hiden' is not an option of train; did you mean 'hidden'?"],
    ['type.json', `type.json: 'hidden' is "many"; must be a whole number, 1 or more`],
    ['several.json', "several.json: 'hidden' is [8,16]; must be a number or a text"],
    ['flag.json', `flag.json: 'tied' is "yes"; must be true or false`],
    [
      'choice.json',
      `choice.json: 'cell' is "lstn"; must be one of lstm, gru, gru-reset-before, rnn, rnn-relu, layer-norm-lstm, layer-norm-gru, layer-norm-rnn. Did you mean lstm?`,
    ],
  ])('%s is refused', (name, sentence) => refused(['train', 'sound.txt', '--out', 'new', '--config', name], 2, sentence))
})

describe('a model', () => {
  const modelWith = (change: (bytes: Buffer) => Buffer): void =>
    writeFileSync(at('broken.safetensors'), change(readFileSync(at('run/model.safetensors'))))
  const header = (edit: (json: string) => string) => (bytes: Buffer) => {
    const length = Number(bytes.readBigUInt64LE())
    const json = edit(bytes.toString('utf8', 8, 8 + length))
    const start = Buffer.alloc(8)
    start.writeBigUInt64LE(BigInt(Buffer.byteLength(json)))
    return Buffer.concat([start, Buffer.from(json), bytes.subarray(8 + length)])
  }
  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut short', (bytes) => bytes.subarray(0, -1), /cut short: tensor 'output\.bias' ends at byte/],
    ['too long', (bytes) => Buffer.concat([bytes, Buffer.alloc(4)]), /the last 4 bytes belong to no tensor/],
    [
      'with a weight that is NaN',
      (bytes) => Buffer.concat([bytes.subarray(0, -4), Buffer.from([0, 0, 0xc0, 0x7f])]),
      /has NaN at/,
    ],
    [
      'of 2^53 bytes',
      header((json) => json.replace(/"data_offsets":\[0,\d+\]/, '"data_offsets":[0,9007199254740991]')),
      /cut short/,
    ],
    [
      'with 2^53 units',
      header((json) => json.replace('\\"hidden\\":4', '\\"hidden\\":9007199254740992')),
      /parameters, the file holds/,
    ],
    ['with no vocabulary', header((json) => json.replace('"vocabulary":', '"vocabulari":')), /its vocabulary cannot be read/],
    ['of a version to come', header((json) => json.replace('"version":"2"', '"version":"9"')), /is a model of version 9/],
  ])('%s is refused', (_, change, sentence) => {
    modelWith(change)
    refused(['generate', 'broken.safetensors'], 1, sentence)
  })

  test.each([
    ['generate', ['sound.txt']],
    ['inspect', ['sound.txt']],
    ['score', ['missing', 'sound.txt']],
    ['evaluate', ['fine', 'sound.txt']],
    ['train', ['sound.txt', '--from', 'sound.txt', '--out', 'new']],
  ])('%s does without what is none', (name, args) => refused([name, ...args], 1, /^unrolled: (sound\.txt|missing|fine): /))

  test('of other characters does not read a text', () => {
    refused(['evaluate', 'run', 'five.txt', '--trained-on', 'latin.txt'], 1, 'latin.txt: byte 4 is not valid UTF-8')
    refused(['generate', 'run', '--prompt', 'é'], 2, "--prompt: 'é' (character 1) is not in this model's vocabulary")
  })
})

describe('a run', () => {
  const copy = (): string => {
    rmSync(at('copy'), { recursive: true, force: true })
    cpSync(at('run'), at('copy'), { recursive: true })
    return 'copy'
  }

  test.each([
    ['that is none', ['resume', 'fine'], /^unrolled: fine: is not the folder of a run; there is no config\.json in it\n/],
    ['that is there', ['train', 'sound.txt', '--out', 'run'], /^unrolled: run: has a run already; go on with it by --resume run/],
  ])('%s is refused', (_, args, sentence) => refused(args, 1, sentence))

  test.each([
    ['--hidden', ['--hidden', '8'], '--hidden: cannot be given; the run to resume has its own'],
    ['a text', ['sound.txt'], 'sound.txt: with --resume, the run has its text already'],
  ])('is not gone on with by %s', (_, args, sentence) => refused(['train', '--resume', 'run', ...args], 2, sentence))

  test('that another process works on is refused', () => {
    const unlock = lock(at('run/lock'), 'run')
    const sentence = `unrolled: run: process ${process.pid} is working on it; stop that one first`
    refused(['resume', 'run'], 1, sentence)
    refused(['train', 'sound.txt', '--out', 'run'], 1, sentence)
    unlock()
  })

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['that is no run', { format: 'x' }, /copy\/config\.json: is not the configuration of a run/],
    ['of a version to come', { version: 2 }, /is of version 2; this release reads version 1/],
    ['without training', { training: null }, /training is null; must be an object/],
    ['without sources', { corpus: {} }, /corpus must have its sources/],
    ['with kernels that are none', { kernels: 7 }, /kernels is 7; must be a text/],
    ['with a rate that is none', { training: { learningRate: 'fast' } }, /learningRate: "fast"; must be a positive number/],
    ['with another window', { training: { steps: 9, window: 3 } }, /was made with batch 13; this training has 16/],
    ['with an option that there is not', { training: { stesp: 3 } }, /train: 'stesp' is not an option/],
  ])('with a configuration %s is refused', (_, changes, sentence) => {
    const path = at(copy(), 'config.json')
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), ...changes }))
    refused(['resume', 'copy'], 1, sentence)
  })

  test('with no checkpoint that is whole is refused, with a reason for each', () => {
    copy()
    const names = readdirSync(at('copy/checkpoints'))
    expect(names).toHaveLength(3)
    for (const name of names) writeFileSync(at('copy/checkpoints', name), 'torn')
    refused(
      ['resume', 'copy'],
      1,
      /^unrolled: copy: has no checkpoint that is whole(; copy\/checkpoints\/step-\d+\.safetensors: has no checksum; [^;]*){3}\n$/,
    )
  })

  test('with a torn checkpoint says that it goes on from the one before', () => {
    copy()
    writeFileSync(at('copy/checkpoints/step-000000004.safetensors'), '')
    const { status, stderr } = run(['resume', 'copy'])
    expect(stderr).toMatch(/^passed over: copy\/checkpoints\/step-000000004\.safetensors: .*\ngoing on after step 3\n/)
    expect(status).toBe(0)
    expect(readFileSync(at('copy/model.safetensors'))).toEqual(readFileSync(at('run/model.safetensors')))
  })
})

describe('a place', () => {
  test.each([
    ['below a file', 'sound.txt/run', /^unrolled: sound\.txt: the folder cannot be made \(/],
    ['where nobody can make a folder', '/proc/unrolled/run', /^unrolled: \/proc\/unrolled: the folder cannot be made \(/],
  ])('%s is refused before training', (_, out, sentence) => refused(['train', 'sound.txt', ...small, '--out', out], 1, sentence))

  test('that is read-only is refused, and so is a run in it', () => {
    // Permissions do not hold for root: somebody else is asked.
    const options = isRoot ? { uid: 65_534 } : {}
    mkdirSync(at('read-only'))
    cpSync(at('run'), at('read-only/run'), { recursive: true })
    const folders = ['read-only/run/checkpoints', 'read-only/run', 'read-only']
    folders.forEach((name) => chmodSync(at(name), 0o555))
    try {
      refused(
        ['train', 'sound.txt', ...small, '--out', 'read-only/new'],
        1,
        'read-only/new: the folder cannot be made (you may not)',
        options,
      )
      refused(['resume', 'read-only/run'], 1, 'read-only/run: cannot be locked (you may not)', options)
    } finally {
      folders.forEach((name) => chmodSync(at(name), 0o755))
    }
  })

  const long = [...small, '--steps', '60', '--checkpoint-every', '10', '--validate-every', '20', '--log-every', '1']
  const outcome = (name: string): Buffer[] => ['model', 'best'].map((model) => readFileSync(at(name, `${model}.safetensors`)))

  beforeAll(() => {
    expect(run(['train', 'sound.txt', ...long, '--out', 'roomy']).status).toBe(0)
  })

  test('that becomes full while a run goes on stops it, with all that is there whole; with room it goes on to the same bytes', () => {
    // The log is the file that grows.
    const first = runLimited(8, ['train', 'sound.txt', ...long, '--out', 'full'])
    expect(first.stderr).toMatch(/\nunrolled: full\/[\w.]+: cannot be written \(files may not be that large here\)\n$/)
    expect([first.status, first.stdout]).toEqual([1, ''])
    expect(readFileSync(at('full/log.jsonl'), 'utf8')).toContain('"step":10,')
    const before = contents(at('full'))
    const again = runLimited(1, ['resume', 'full'])
    expect(again.stderr).toMatch(/^unrolled: full\/[\w./-]+: cannot be written \(files may not be that large here\)\n$/)
    expect(again.status).toBe(1)
    expect(contents(at('full'))).toEqual(before)
    const last = run(['resume', 'full'])
    expect(last.status, last.stderr).toBe(0)
    expect(outcome('full')).toEqual(outcome('roomy'))
  })

  // Where nobody may mount a file system of a few pages, the limit above stands for it.
  test('on a disk that is full is the same', (context) => {
    mkdirSync(at('disk'))
    const options = ['-t', 'tmpfs', '-o', 'size=480k', 'tmpfs', at('disk')]
    if (!isRoot || spawnSync('mount', options).status !== 0) return context.skip()
    try {
      fillDisk()
    } finally {
      spawnSync('umount', [at('disk')])
    }
  })

  function fillDisk(): void {
    writeFileSync(at('disk/other'), Buffer.alloc(480 * 1024))
    const before = contents(at('disk'))
    const none = run(['train', 'sound.txt', ...long, '--out', 'disk/none'])
    expect(none.stderr).toMatch(/^unrolled: disk\/none: cannot be locked \(the disk is full\)\n$/)
    expect(none.status).toBe(1)
    expect(contents(at('disk'))).toEqual(before)
    writeFileSync(at('disk/other'), Buffer.alloc(380 * 1024))
    const first = run(['train', 'sound.txt', ...long, '--out', 'disk/run'])
    expect(first.stderr).toMatch(/\nunrolled: disk\/run\/[\w./-]+: cannot be written \(the disk is full\)\n$/)
    expect(first.status).toBe(1)
    rmSync(at('disk/other'))
    rmSync(at('disk/none'), { recursive: true })
    const last = run(['resume', 'disk/run'])
    expect(last.status, last.stderr).toBe(0)
    expect(outcome('disk/run')).toEqual(outcome('roomy'))
  }
})
