/**
 * Writes with an exported model in Node: onnxruntime-node computes, and of Unrolled there is only the vocabulary.
 *
 * npm install onnxruntime-node unrolled; then, compiled or with a Node that takes types away: node generate.ts model.onnx 'The ' 100
 */
import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { onnxMetadata, Vocabulary } from 'unrolled'

const [, , model = 'model.onnx', prompt = 'The ', length = '100'] = process.argv
const file = await readFile(model)
const metadata = onnxMetadata(file, model)
const vocabulary = Vocabulary.fromJSON(JSON.parse(metadata.vocabulary))
const { layers, hidden } = JSON.parse(metadata.config) as { layers: number; hidden: number }
const session = await InferenceSession.create(file)

const states = session.inputNames.filter((name) => name !== 'tokens')
const zeros = (): Tensor => new Tensor('float32', new Float32Array(layers * hidden), [layers, 1, hidden])
let state = Object.fromEntries(states.map((name) => [name, zeros()]))
let ids = [...vocabulary.encode(prompt)]
const decoder = vocabulary.decoder()
process.stdout.write(prompt)
for (let i = 0; i < Number(length); i++) {
  const tokens = new Tensor('int64', BigInt64Array.from(ids, BigInt), [ids.length, 1])
  const { logits, ...after } = await session.run({ tokens, ...state })
  state = Object.fromEntries(states.map((name) => [name, after[name.replace('0', 'n')]]))
  const scores = (logits.data as Float32Array).subarray(-vocabulary.size) // of the last step
  ids = [scores.indexOf(Math.max(...scores))]
  process.stdout.write(decoder.push(ids[0]))
}
process.stdout.write(decoder.end())
