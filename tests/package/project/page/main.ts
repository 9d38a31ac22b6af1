import { LanguageModel, loadEngine } from 'unrolled'
import { goOn, train } from '../training.js'

const log = document.querySelector('pre')!
const show = (line: string): void => log.append(`${line}\n`)

const page = {
  train: async (...[steps, kernels]: Parameters<typeof train>) => {
    const { bytes, ...rest } = await train(steps, kernels, show)
    return { ...rest, bytes: [...bytes] }
  },
  /** The bytes of the model that is trained on from a checkpoint, with the plain kernels. */
  goOn: (bytes: number[], steps: number): number[] => [...goOn(Uint8Array.from(bytes), steps, 'plain')],
  /** What a worker trains on threads. */
  trainOnThreads: (threads: number, steps: number): Promise<{ threads: number; bytes: number[] }> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message))
      worker.postMessage({ threads, steps })
    }),
  /** The main thread's own. */
  threadsHere: async () => {
    const { threads, whyOneThread } = await loadEngine({ threads: 2 })
    return { threads, whyOneThread }
  },
  /** The bytes of a model that is loaded from bytes. */
  again: (bytes: number[]): number[] => [...LanguageModel.fromBytes(Uint8Array.from(bytes)).toBytes()],
}

export type Page = typeof page
Object.assign(globalThis, { page })
