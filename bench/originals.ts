/**
 * `npm run bench:originals`: plain training steps beside the originals' own arithmetic, in turns, in one run on one machine. Both start
 * from the same weights on the same input, and have to agree on the first loss.
 */
import { cpus } from 'node:os'
import { Command, Option } from 'commander'
import { useEngine } from 'unrolled'
import { startEngine, useWideVectors } from 'unrolled/node'
import { allowRelaxedSimd } from '../src/cli/flags.js'
import { positive } from '../src/cli/values.js'
import { contests, type Contender, type Contest } from './contests.js'
import { median } from './measure.js'
import { Peer } from './peer.js'
import { table } from './table.js'

const program = new Command('bench:originals')
  .description("Times training steps against the five originals' own arithmetic, in turns.")
  .option('--seconds <n>', 'how long to measure each, after a warm-up', positive, 8)
  .addOption(new Option('--kernels <build>', 'default: relaxed where it is supported').choices(['relaxed', 'plain', 'native']))
  .option('--json', 'one JSON line a measurement')
  .showSuggestionAfterError()

interface Row {
  readonly original: string
  readonly ours: string
  readonly peer: string
  readonly shapes: string
  /** Milliseconds a step, medians; of the peer, of each of its processes. */
  readonly ms: number
  readonly peerMs: readonly number[] | undefined
  readonly ratio: number | undefined
  readonly atLeast: number
}

/** How long one contender steps before the other's turn. */
const turn = 0.5

/**
 * How many processes of a peer take turns: where arrays lie in the memory of one decides how fast it is, by a factor of two, as long as it runs.
 */
const processes = 3

async function measure(contest: Contest, seconds: number): Promise<Row[]> {
  const { original, peer, task } = contest
  const peers: Peer[] = []
  try {
    for (let i = 0; i < processes; i++) peers.push(await Peer.start(peer, task))
  } catch (error) {
    process.stderr.write(`${original}: ${(error as Error).message}\n`)
  }
  try {
    return await compared(contest, peers, seconds)
  } finally {
    for (const other of peers) other.stop()
  }
}

async function compared({ original, shapes, contenders }: Contest, peers: readonly Peer[], seconds: number): Promise<Row[]> {
  const rows: Row[] = []
  for (const contender of contenders) {
    const ours: number[] = []
    const theirs = peers.map((): number[] => [])
    const { loss, step } = contender.start()
    for (const peer of peers) checkSame(contender, loss, peer.loss)
    // V8 compiles what runs often with more care, in the background.
    timed(step, 1)
    for (const peer of peers) await peer.steps(turn)
    const rounds = Math.max(1, Math.ceil(seconds / turn / processes))
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < processes; i++) {
        ours.push(...timed(step, turn))
        if (peers[i]) theirs[i].push(...(await peers[i].steps(turn)))
      }
    }
    const ms = median(ours)
    const peerMs = peers.length > 0 ? theirs.map(median) : undefined
    const ratio = peerMs && median(peerMs) / ms
    const by = peers[0]?.versions ?? 'not there'
    rows.push({ original, ours: contender.name, peer: by, shapes, ms, peerMs, ratio, atLeast: contender.atLeast })
  }
  return rows
}

/** Steps for so many seconds, at least one; the milliseconds of each. */
function timed(step: () => void, seconds: number): number[] {
  const times: number[] = []
  const end = performance.now() + seconds * 1000
  do {
    const start = performance.now()
    step()
    times.push(performance.now() - start)
  } while (performance.now() < end)
  return times
}

function checkSame({ name }: Contender, ours: number, theirs: number | undefined): void {
  if (theirs === undefined || !(Math.abs(ours - theirs) < 1e-4 * theirs)) {
    throw new Error(`${name}: the first loss is ${ours}, the peer's ${theirs}; they do not compute the same`)
  }
}

allowRelaxedSimd()
const { seconds, kernels, json } = program
  .parse()
  .opts<{ seconds: number; kernels?: 'relaxed' | 'plain' | 'native'; json?: boolean }>()
const bits = 'flag' in useWideVectors({ kernels }) ? 256 : 128
const engine = await startEngine(kernels, 1)
useEngine(engine)
try {
  const rows: Row[] = []
  for (const contest of contests()) {
    process.stderr.write(`${contest.original}: ${contest.shapes}\n`)
    rows.push(...(await measure(contest, seconds)))
  }
  if (json) for (const row of rows) console.log(JSON.stringify({ ...row, engine: engine.name, vectors: bits }))
  else {
    const processors = cpus()
    console.log(
      `Unrolled: float32, 1 thread, ${engine.name}, vectors of ${bits} bits, Node ${process.versions.node}; ${processors.length} × ${processors[0]?.model.trim()}`,
    )
    console.log(
      'Medians of steps taken in turns; peers in float64, as the originals are, each in three processes, of which the middle one counts.\n',
    )
    const shown = (value: number): string => value.toPrecision(3)
    console.log(
      table(
        ['original', 'Unrolled', 'ms a step', "the original's", 'times', 'wanted', 'peer', 'shapes'],
        rows.map(({ original, ours, ms, peerMs, ratio, atLeast, peer, shapes }) => [
          original,
          ours,
          shown(ms),
          peerMs ? peerMs.map(shown).join(' ') : '–',
          ratio === undefined ? '–' : ratio.toFixed(1),
          String(atLeast),
          peer,
          shapes,
        ]),
      ),
    )
  }
} catch (error) {
  process.stderr.write(`bench:originals: ${(error as Error).message}\n`)
  process.exitCode = 1
}
