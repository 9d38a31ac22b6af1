/** Speaks the protocol of README.md for the peers in JavaScript. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/**
 * @param start (the first message) => `{ versions, loss?, step, evaluate? }`, or a promise of it. `step()` takes a step and returns the loss
 *   before it, or `{ loss, units }` where it makes several units of what is timed at once; `evaluate()` returns the held-out loss.
 */
export async function serve(start) {
  let running
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      const message = JSON.parse(line)
      if (running) answer(message.evaluate ? { loss: await running.evaluate() } : await steps(running, message.steps))
      else {
        running = await start(message)
        answer({ ready: true, loss: running.loss, versions: running.versions })
      }
    } catch (error) {
      answer({ error: String(error?.message ?? error) })
      console.error(error)
      process.exitCode = 1
      return process.stdin.destroy()
    }
  }
}

async function steps({ step }, count) {
  const ms = []
  let loss
  while (ms.length < count) {
    const start = performance.now()
    const made = await step()
    const time = performance.now() - start
    const { loss: last, units = 1 } = typeof made === 'object' ? made : { loss: made }
    loss = last
    for (let i = 0; i < units; i++) ms.push(time / units)
  }
  return { ms, loss }
}

const answer = (fields) => process.stdout.write(`${JSON.stringify(fields)}\n`)

/** What README.md calls packed: its numbers. */
export function numbers({ float32, int32 }) {
  const bytes = Uint8Array.from(Buffer.from(float32 ?? int32, 'base64'))
  return float32 === undefined ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer)
}

/** The windows of a statement, again from the first after the last. */
export function* windows({ inputs, targets, kind }, again = true) {
  const [count, steps, streams] = inputs.shape
  const [read, follow] = [numbers(inputs), numbers(targets)]
  const size = steps * streams
  do {
    for (let i = 0; i < count; i++) {
      yield {
        inputs: read.subarray(i * size, (i + 1) * size),
        targets: follow.subarray(i * size, (i + 1) * size),
        startsAnew: i === 0 || kind === 'sentences',
      }
    }
  } while (again)
}

/** Of a text of one stream, the prompt's mean loss by `read(token)`, which returns the logits after it. */
export async function promptLoss({ inputs, targets }, read) {
  const [tokens, follow] = [numbers(inputs), numbers(targets)]
  let sum = 0
  for (let i = 0; i < tokens.length; i++) {
    const logits = await read(tokens[i])
    const highest = logits.reduce((a, b) => Math.max(a, b))
    sum += highest + Math.log(logits.reduce((all, logit) => all + Math.exp(logit - highest), 0)) - logits[follow[i]]
  }
  return sum / tokens.length
}

/** The version of a package that is installed here. */
export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), 'utf8')).version
