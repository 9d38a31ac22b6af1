/** Trains on threads: the main thread of a page may not wait, a worker may. */
import { trainOnThreads } from '../training.js'

addEventListener('message', ({ data: { threads, steps } }: MessageEvent<{ threads: number; steps: number }>) => {
  void trainOnThreads(threads, steps).then(({ bytes, ...rest }) => postMessage({ ...rest, bytes: [...bytes] }))
})
