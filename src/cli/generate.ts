/** `unrolled generate` */
import { createInterface } from 'node:readline'
import type { DecodingOptions, LanguageModel } from '../index.js'
import { loadModel, startEngine } from '../node/index.js'
import { allowWideVectors, type EngineFlags } from './wide-vectors.js'
import { latestRun } from './places.js'

export interface GenerateFlags extends Omit<DecodingOptions, 'banned' | 'forced'>, EngineFlags {
  prompt?: string
  seed?: number
  count?: number
  beams?: number
  alpha?: number
  ban?: string[]
  force?: string
  stop?: string[]
  top?: number
  json?: boolean
  chat?: boolean
}

export async function runGenerate(path: string | undefined, flags: GenerateFlags): Promise<void> {
  const {
    prompt = '',
    seed,
    count = 1,
    beams,
    alpha,
    ban,
    force: forced,
    top,
    json,
    chat,
    kernels,
    wideVectors,
    ...options
  } = flags
  allowWideVectors({ kernels, wideVectors })
  const model = await loadModel(path ?? latestRun(), { engine: await startEngine(kernels) })
  const decoding = { ...options, banned: ban?.map((token) => special(model, token)), forced }
  if (chat) await converse(model, decoding, seed)
  else if (beams !== undefined) await printBeams(model, { ...decoding, prompt, width: beams, alpha, count }, json)
  else if (json)
    for await (const token of model.stream({ ...decoding, prompt, seed, count, top })) console.log(JSON.stringify(token))
  else if (count > 1) {
    for (const { text } of await model.samples({ ...decoding, prompt, seed, count })) console.log(prompt + text)
  } else await print(model, { ...decoding, prompt, seed })
}

/** A special token by the name that `inspect` shows, others as they are. */
function special({ vocabulary }: LanguageModel, token: string): string | number {
  const { tokens, unknown, start, end } = vocabulary
  return [unknown, start, end].find((index) => index !== undefined && tokens[index] === token) ?? token
}

async function print(model: LanguageModel, options: DecodingOptions & { prompt: string; seed?: number }): Promise<void> {
  // With the first token, since the prompt may yet be refused.
  let before = options.prompt
  for await (const text of model.generate(options)) {
    process.stdout.write(before + text)
    before = ''
  }
  process.stdout.write(`${before}\n`)
}

async function printBeams(
  model: LanguageModel,
  { prompt, ...options }: Parameters<LanguageModel['beams']>[0] & { prompt: string },
  json: boolean | undefined,
): Promise<void> {
  const { length, stop, banned, forced, allowUnknown, width, alpha, count } = options
  const found = await model.beams({ prompt, length, stop, banned, forced, allowUnknown, width, alpha, count })
  for (const beam of found) console.log(json ? JSON.stringify(beam) : prompt + beam.text)
}

/** By turns: a line is read, and answered to the end of a line, of a document, or to the longest there may be. */
async function converse(model: LanguageModel, options: DecodingOptions, seed?: number): Promise<void> {
  const session = model.session({ seed })
  // A model of documents may know no line ends: there, a line is the beginning of a document, and the answer its rest.
  const lineEnd = model.vocabulary.tokens.includes('\n') ? '\n' : ''
  const { stop = lineEnd ? [lineEnd] : [] } = options
  const ask = (): unknown => process.stdin.isTTY && process.stderr.write('> ')
  ask()
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      await session.read(line + lineEnd)
      for await (const text of session.generate({ ...options, stop })) process.stdout.write(text)
      process.stdout.write('\n')
    } catch (error) {
      // What a person types may have a character that the model does not know; the talk goes on.
      process.stderr.write(`${(error as Error).message}\n`)
    }
    ask()
  }
}
