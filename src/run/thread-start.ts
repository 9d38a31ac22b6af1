/** What the threads of an engine and the one that starts them have to agree on; the control block is that of `kernels/as/threads.ts`. */

import type { Sums } from './sums.js'

/** What a thread is told when it starts. */
export interface ThreadStart {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  /** How many sums to keep: see `sums.ts`, which a worker has for itself. */
  readonly sums: Sums
  /** Address of the control block, through which threads are called. */
  readonly control: number
  /** Its number; the calling thread's is 0. */
  readonly thread: number
  /** Address of its working memory. */
  readonly scratch: number
}

/** Word of the control block that holds the number of a thread that failed. */
export const failedWord = 4

/** Words of each thread's part of the control block, the calling one's first. */
export const wordsPerThread = 16

/** The specifier is a variable so that bundlers for the browser leave it alone. */
export async function workerThreads(): Promise<typeof import('node:worker_threads')> {
  const specifier = 'node:worker_threads'
  return (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)) as typeof import('node:worker_threads')
}
