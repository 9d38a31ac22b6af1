/** A run leaves for PyTorch and comes back. What PyTorch does in between, tests/interop runs. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../../src/formats/safetensors.js'
import { seal, unsealed } from '../../src/formats/seal.js'
import { CorpusBuilder, createEngine, encodeCorpus, LanguageModel, splitDocuments, type Corpus } from '../../src/index.js'
import { exportRun, importRun, loadModel, readConfig, Run, writeFolder } from '../../src/node/index.js'

const parent = mkdtempSync(join(tmpdir(), 'unrolled-pytorch-run-'))
afterAll(() => rmSync(parent, { recursive: true }))
const at = (...names: string[]): string => join(parent, ...names)
let folders = 0

const engine = createEngine({ kernels: 'plain' })
const [left, end] = [10, 20]

function corpusOf(documents: boolean): Corpus {
  const builder = new CorpusBuilder({ documents })
  for (let i = 0; i < 60; i++) {
    builder.add(['anna', 'bea', 'hannah', 'nebena', 'bann', 'habebe', 'en', 'anebhabne'][(i * i) % 8])
    if (documents) builder.endDocument()
  }
  return builder.finish()
}
const corpora = { stream: corpusOf(false), documents: corpusOf(true) }
type Kind = keyof typeof corpora

async function goOn(path: string): Promise<Uint8Array> {
  for await (const _ of (await Run.resume(path)).train()) void _
  return readFileSync(join(path, 'model.safetensors'))
}

/** A run that was stopped in its middle; and the folder that it leaves in. */
async function leave(kind: Kind): Promise<void> {
  const corpus = corpora[kind]
  const model = LanguageModel.create({ corpus, hidden: 5, embedding: 3, cell: 'gru', engine })
  const training = { steps: end, streams: 2, window: 6, checkpointEvery: 5, heldOut: 0.2, schedule: 'halve-on-rise' as const }
  const run = await Run.create({ out: at(kind), corpus, model, training, sampleLength: 0 })
  for await (const { step } of run.train()) if (step === left) run.stop()
  await writeFolder(at(`${kind}.pt`), await exportRun(at(kind)))
}
beforeAll(async () => {
  for (const kind of ['stream', 'documents'] as const) await leave(kind)
})

/** A copy of the exported folder, in which something is different. */
function changed(change: (path: string) => void): string {
  const path = at(`changed-${++folders}`)
  cpSync(at('stream.pt'), path, { recursive: true })
  change(path)
  return path
}

const checkpoint = join('checkpoints', 'step-000000010.safetensors')

/** With another checkpoint, that is whole all the same. */
function withCheckpoint(change: (tensors: Map<string, NamedTensor>, metadata: Record<string, string>) => void): string {
  return changed((path) => {
    const { tensors, metadata } = decodeSafetensors(readFileSync(join(path, checkpoint)))
    const named = new Map([...tensors].map(([name, tensor]) => [name, { name, ...tensor }]))
    change(named, metadata)
    const { sha256: _, ...rest } = metadata
    writeFileSync(join(path, checkpoint), seal(encodeSafetensors(named.values(), { sha256: unsealed, ...rest })))
  })
}

function withTraining(change: (training: { step: number; fingerprint: Record<string, unknown> }) => void): string {
  return withCheckpoint((_, metadata) => {
    const training = JSON.parse(metadata.training) as Parameters<typeof change>[0]
    change(training)
    metadata.training = JSON.stringify(training)
  })
}

function withConfig(change: (config: { training: Record<string, unknown> } & Record<string, unknown>) => void): string {
  return changed((path) => {
    const file = join(path, 'config.json')
    const config = JSON.parse(readFileSync(file, 'utf8')) as Parameters<typeof change>[0]
    change(config)
    writeFileSync(file, JSON.stringify(config))
  })
}

describe.each(['stream', 'documents'] as const)('a run of a %s', (kind) => {
  test('comes back as it left: what follows is the same to the bit', async () => {
    const back = at(`${kind}.back`)
    const { step } = await importRun(at(`${kind}.pt`), { out: back })
    expect(step).toBe(left)
    for (const name of ['log.jsonl', 'best.safetensors', 'corpus.bin']) {
      expect(readFileSync(join(back, name))).toEqual(readFileSync(at(`${kind}.pt`, name)))
    }
    cpSync(at(kind), at(`${kind}.copy`), { recursive: true })
    expect(await goOn(back)).toEqual(await goOn(at(`${kind}.copy`)))
  })

  test('says all that a reader without our defaults has to know', () => {
    const { training } = readConfig(at(`${kind}.pt`))
    expect(training).toMatchObject({
      steps: end,
      streams: 2,
      window: 6,
      seed: 1,
      heldOut: 0.2,
      optimizer: 'adam',
      learningRate: 0.005,
      schedule: 'halve-on-rise',
      clipNorm: 1,
      l2: 0,
      validateEvery: 2,
      checkpointEvery: 5,
      keep: 3,
      logEvery: 1,
    })
    const heldOut = at(`${kind}.pt`, 'held-out.json')
    if (kind === 'stream') expect(existsSync(heldOut)).toBe(false)
    else {
      const chosen = [...splitDocuments(corpora.documents, 0.2, 1).heldOut]
      expect(chosen.length).toBeGreaterThan(0)
      expect(JSON.parse(readFileSync(heldOut, 'utf8'))).toEqual(chosen)
    }
  })
})

test('the folder is one that a model can be read from', async () => {
  expect(String(await loadModel(at('stream.pt'), { engine }))).toContain('GRU')
})

test('a checkpoint that is torn is passed over', async () => {
  const path = changed((folder) => {
    const whole = readFileSync(join(folder, checkpoint))
    writeFileSync(join(folder, 'checkpoints', 'step-000000015.safetensors'), whole.subarray(0, whole.length - 9))
  })
  const { step, passedOver } = await importRun(path, { out: at('passed') })
  expect(step).toBe(left)
  expect(passedOver.join()).toMatch(/step-000000015\.safetensors: is torn/)
})

describe('refused with a sentence, and nothing written', () => {
  const broken: readonly (readonly [string, () => string, RegExp])[] = [
    ['no run', () => changed((path) => rmSync(join(path, 'config.json'))), /is not the folder of a run/],
    ['no text', () => changed((path) => rmSync(join(path, 'corpus.bin'))), /corpus\.bin: cannot be read \(there is no such file/],
    ['no checkpoint', () => changed((path) => rmSync(join(path, checkpoint))), /has no checkpoint that is whole$/],
    [
      'a torn checkpoint alone',
      () => changed((path) => writeFileSync(join(path, checkpoint), readFileSync(join(path, checkpoint)).subarray(0, 500))),
      /has no checkpoint that is whole; .*step-000000010\.safetensors: is torn/,
    ],
    [
      'a text of other tokens',
      () =>
        changed((path) => {
          const builder = new CorpusBuilder()
          builder.add('abcdefghij'.repeat(50))
          writeFileSync(join(path, 'corpus.bin'), encodeCorpus(builder.finish()))
        }),
      /corpus\.bin: has another vocabulary than .*step-000000010/,
    ],
    [
      'moments that are missing',
      () => withCheckpoint((tensors) => tensors.delete('optimizer.second.rnn.weight_hh_l1')),
      /tensor 'optimizer\.second\.rnn\.weight_hh_l1' is missing/,
    ],
    [
      'moments of another shape',
      () =>
        withCheckpoint((tensors) => {
          const tensor = tensors.get('optimizer.first.rnn.weight_ih_l0')!
          tensors.set(tensor.name, { ...tensor, shape: [...tensor.shape].toReversed() })
        }),
      /tensor 'optimizer\.first\.rnn\.weight_ih_l0' is \[3, 15\], expected \[15, 3\]/,
    ],
    [
      'sums of squares below zero',
      () => withCheckpoint((tensors) => tensors.get('optimizer.second.output.bias')!.data.fill(-1)),
      /optimizer\.second has a value below 0/,
    ],
    [
      'moments that are no numbers',
      () =>
        changed((path) => {
          const bytes = readFileSync(join(path, checkpoint))
          const { tensors, metadata } = decodeSafetensors(bytes)
          tensors.get('optimizer.first.output.bias')!.data[1] = NaN
          const { sha256: _, ...rest } = metadata
          const named = [...tensors].map(([name, tensor]) => ({ name, ...tensor }))
          writeFileSync(join(path, checkpoint), seal(encodeSafetensors(named, { sha256: unsealed, ...rest })))
        }),
      /tensor 'optimizer\.first\.output\.bias' has NaN at index 1/,
    ],
    [
      'states of other streams',
      () =>
        withCheckpoint((tensors) => tensors.set('state.1.h', { name: 'state.1.h', shape: [3, 5], data: new Float32Array(15) })),
      /tensor 'state\.1\.h' has 15 values; must be 10/,
    ],
    [
      'a bias that is there twice',
      () => withCheckpoint((tensors) => tensors.get('rnn.bias_hh_l0')!.data.fill(1)),
      /this bias must be zero/,
    ],
    [
      'another optimizer',
      () => withTraining((training) => (training.fingerprint.rule = 'sgd')),
      /made with rule sgd; this training has adam/,
    ],
    ['other streams', () => withConfig((config) => (config.training.streams = 3)), /made with batch 2; this training has 3/],
    [
      'more steps than there are',
      () => withTraining((training) => (training.step = 21)),
      /config\.json: steps: 20; .* has taken 21 already/,
    ],
    ['steps that are none', () => withTraining((training) => (training.step = -1)), /step: -1; must be a whole number/],
    [
      'an optimizer that there is not',
      () => withConfig((config) => (config.training.optimizer = 'lion')),
      /optimizer: 'lion'; must be one of/,
    ],
    ['an option that there is not', () => withConfig((config) => (config.training.beta = 1)), /'beta' is not an option/],
    [
      'a rate that is none',
      () => withConfig((config) => (config.training.learningRate = -1)),
      /learningRate: -1; must be a positive number/,
    ],
    ['other kernels than there are', () => withConfig((config) => (config.kernels = 'abacus')), /kernels: 'abacus'; must be/],
  ]
  test.each(broken)('%s', async (_, make, sentence) => {
    const out = at(`out-${++folders}`)
    await expect(importRun(make(), { out })).rejects.toThrow(sentence)
    expect(existsSync(out)).toBe(false)
  })

  test('a folder that has a run already', async () => {
    const before = readFileSync(at('stream', 'config.json'))
    await expect(importRun(at('stream.pt'), { out: at('stream') })).rejects.toThrow(/has a run already/)
    expect(readFileSync(at('stream', 'config.json'))).toEqual(before)
  })
})
