/** Unrolled as a peer of itself: `own-peer.js KERNELS THREADS BITS`, bits of a vector, with a task's name. Speaks the protocol of peers/README.md. */
import { createInterface } from 'node:readline'
import { findNativeLibrary, startEngine, useWideVectors, type Kernels } from 'unrolled/node'
import { allowRelaxedSimd } from '../src/cli/flags.js'
import { countProducts, type Running } from './measure.js'
import { qualityName, qualityTask } from './quality-task.js'
import { promptLoss } from './statement.js'
import { tasks } from './tasks.js'

const kernels = process.argv[2] as Kernels
const [threads, vectors] = process.argv.slice(3).map(Number)
const answer = (fields: object): void => void process.stdout.write(`${JSON.stringify(fields)}\n`)

let operations = (): number => 0

async function start(task: string): Promise<Running> {
  if (vectors === 256) {
    const wide = useWideVectors({ kernels })
    if ('missing' in wide) throw new Error(wide.missing)
  }
  const engine = await startEngine(kernels, threads)
  if (engine.threads < threads) throw new Error(engine.whyOneThread)
  const { work, start: begin } = task === qualityName ? qualityTask() : tasks[task]
  // Before anything is prepared to run, or it would not be counted.
  operations = countProducts(engine)
  const loss = work.kind === 'generation' ? promptLoss(work, engine) : undefined
  const running = begin(engine)
  const { shards = 1 } = running
  if (threads > 1 && shards === 1) throw new Error('stays on one thread by itself: one shard')
  const library = kernels === 'native' ? await findNativeLibrary() : undefined
  const engines = library
    ? `${engine.name}, ${library.name} ${library.version ?? ''} (${library.core ?? 'core unknown'})`
    : engine.name
  const width = vectors === 256 ? `${engines}, vectors of 256 bits` : engines
  const where = threads === 1 ? '1 thread' : `${threads} threads`
  answer({
    ready: true,
    loss,
    versions: `${width}, ${where}, ${shards === 1 ? '1 shard' : `${shards} shards`}, Node ${process.versions.node}`,
  })
  return running
}

allowRelaxedSimd()
let running: Running | undefined
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const message = JSON.parse(line) as { task: string } | { steps: number } | { evaluate: true }
    if ('task' in message) running = await start(message.task)
    else if ('evaluate' in message) answer({ loss: running!.evaluate!() })
    else {
      const ms: number[] = []
      let loss = 0
      const before = operations()
      while (ms.length < message.steps) {
        const begun = performance.now()
        loss = running!.step()
        ms.push(performance.now() - begun)
      }
      answer({ ms, loss, operations: (operations() - before) / message.steps })
    }
  } catch (error) {
    answer({ error: (error as Error).message })
    break
  }
}
// Threads that wait would keep it.
process.exit()
