/** Asks the worker, and hands on what it says. */
import type { Call, CallName, Calls, Report } from './protocol.js'

type Asynchronous<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never
export type Client = { readonly [K in CallName]: Asynchronous<Calls[K]> }

export function connect(listen: (report: Exclude<Report, { kind: 'answer' }>) => void): Client {
  const worker = new Worker(new URL('./worker/worker.ts', import.meta.url), { type: 'module' })
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let calls = 0
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.kind !== 'answer') return listen(data)
    const { id, value, error } = data
    const waiter = waiting.get(id)!
    waiting.delete(id)
    if (error === undefined) waiter.resolve(value)
    else waiter.reject(new Error(error))
  }
  worker.onerror = ({ message }) => listen({ kind: 'trouble', message: message || 'The worker that trains did not start.' })
  const ask = (name: CallName, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = calls++
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, name, args } satisfies Call)
    })
  return new Proxy({} as Client, {
    get:
      (_, name: CallName) =>
      (...args: unknown[]) =>
        ask(name, args),
  })
}
