/**
 * `npm run -s originals -- FIXTURE.json --executor reference|wasm`: runs one of the five original systems from stated weights on this
 * engine, and prints what it computes as one JSON object. Of what the file records of the original's own run, only how long it was is looked
 * at, where the file does not say how many losses it wants.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { createEngine, type Engine } from 'unrolled'
import { textAt, type File, type Outcome } from './fixture.js'
import { recurrentjs } from './recurrentjs.js'
import { rnnFromScratch } from './rnn-from-scratch.js'
import { batchedEmbedding, minCharRnn } from './streams.js'

type System = (file: File, engine: Engine) => Outcome

/** By what a file's `system` starts with. */
const systems: Readonly<Record<string, System>> = {
  'min-char-rnn': minCharRnn,
  'batched embedding RNN': batchedEmbedding,
  'rnn-from-scratch': rnnFromScratch,
  RecurrentJS: recurrentjs,
}

const program = new Command('originals')
  .description('Runs one of the five original systems from stated weights, and prints losses, first gradients and final weights.')
  .argument('<file>', 'configuration, text or sentences, and initial weights, as JSON')
  .addOption(
    new Option('--executor <name>', 'reference: float64; wasm: float32, the same bits everywhere')
      .choices(['reference', 'wasm'])
      .default('reference'),
  )
  .showSuggestionAfterError()

function run(path: string, executor: 'reference' | 'wasm'): void {
  if (!existsSync(path)) throw new Error('there is no such file')
  const content: unknown = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''))
  if (typeof content !== 'object' || content === null) throw new Error('is no JSON object')
  const file = content as File
  const system = textAt(file, 'system')
  const name = Object.keys(systems).find((prefix) => system.startsWith(prefix))
  if (!name) throw new Error(`system: '${system}'; must start with ${Object.keys(systems).join(', ')}`)
  const engine = createEngine({ kernels: executor === 'wasm' ? 'plain' : 'reference' })
  const outcome = systems[name](file, engine)
  process.stdout.write(`${JSON.stringify({ system, executor, ...outcome })}\n`)
}

program.parse()
const [path] = program.args
try {
  run(path, program.opts<{ executor: 'reference' | 'wasm' }>().executor)
} catch (error) {
  process.stderr.write(`originals: ${path}: ${(error as Error).message}\n`)
  process.exitCode = 1
}
