/** The worker: trains, and answers the page. A module of its own file, since the page's policy allows no other. */
import { startEngine } from './engine.js'
import { Studio } from './studio.js'
import type { Call, Report } from '../protocol.js'

const port = globalThis as unknown as { postMessage(message: Report, transfer?: Transferable[]): void; onmessage: unknown }
const say = (report: Report): void => port.postMessage(report)

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const studio = new Studio(say)
const engine = startEngine()

port.onmessage = async ({ data: { id, name, args } }: MessageEvent<Call>): Promise<void> => {
  try {
    await engine
    const method = studio[name] as (...args: unknown[]) => unknown
    say({ kind: 'answer', id, value: await method.apply(studio, [...args]) })
  } catch (error) {
    say({ kind: 'answer', id, error: message(error) })
  }
}

try {
  say({ kind: 'ready', ...(await engine) })
} catch (error) {
  say({ kind: 'trouble', message: `The engine did not start: ${message(error)}` })
}
