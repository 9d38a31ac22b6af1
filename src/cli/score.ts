/** `unrolled score` */
import { loadModel, readText, startEngine, type Kernels } from '../node/index.js'

export interface ScoreFlags {
  text?: string
  json?: boolean
  kernels?: Kernels
}

/** A line for each token: its surprisal in bits, and the token as JSON writes it, so that what cannot be seen is seen. */
export async function runScore(path: string, file: string | undefined, { text, json, kernels }: ScoreFlags): Promise<void> {
  const model = await loadModel(path, { engine: await startEngine(kernels) })
  for (const token of await model.score(text ?? (await readText(file ?? '-')))) {
    if (json) console.log(JSON.stringify(token))
    else console.log(`${(token.bits?.toFixed(3) ?? '–').padStart(8)}  ${JSON.stringify(token.text)}`)
  }
}
