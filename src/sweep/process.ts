/** What a process of the pool runs: one trial after another, as its parent says. */
import { useWideVectors } from '../node/wide-vectors.js'
import { noWideVectors, type FromProcess, type ToProcess } from './process-messages.js'
import { runTrial } from './trial.js'

let isFirst = true
let stopping = new AbortController()
const tell = (message: FromProcess): unknown => process.send!(message)

// Ctrl-C reaches all processes of a terminal; it is for the parent to say what it means.
process.on('SIGINT', () => {})
// Without a parent there is nobody to work for. As after a kill, the last checkpoint is what counts.
process.on('disconnect', () => process.exit(1))

process.on('message', (message: ToProcess) => {
  if (message.say === 'stop') {
    stopping.abort()
    return
  }
  const { task, folder, corpusFile } = message
  stopping = new AbortController()
  if (isFirst && !process.argv.includes(noWideVectors)) {
    const wide = useWideVectors({ kernels: task.kernels })
    if ('failed' in wide && wide.failed) process.stderr.write(`wide vectors are not used: ${wide.missing}\n`)
  }
  isFirst = false
  runTrial(
    task,
    { folder, corpusFile },
    {
      onProgress: (progress) => tell({ say: 'progress', progress }),
      onCheckpoint: (step) => tell({ say: 'checkpoint', step }),
    },
    stopping.signal,
  ).then(
    (result) => tell({ say: 'result', result }),
    (error: unknown) => tell({ say: 'error', message: (error as Error).message }),
  )
})
