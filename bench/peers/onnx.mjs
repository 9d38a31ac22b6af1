/** ONNX Runtime on the model that Unrolled exports: a character at a time, one thread. */
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { sampler } from './sampling.mjs'
import { promptLoss, serve, versionOf } from './serve.mjs'

await serve(async (statement) => {
  const { layers, hidden, model } = statement
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all' }
  const session = await InferenceSession.create(Buffer.from(model, 'base64'), options)
  const zeros = () => new Tensor('float32', new Float32Array(layers * hidden), [layers, 1, hidden])
  let [h0, c0] = [zeros(), zeros()]
  const read = async (token) => {
    const tokens = new Tensor('int64', BigInt64Array.of(BigInt(token)), [1, 1])
    const { logits, hn, cn } = await session.run({ tokens, h0, c0 })
    h0 = hn
    c0 = cn
    return logits.data
  }
  const choose = sampler(statement.sampling)
  const loss = await promptLoss(statement, read)
  let token = 0
  return {
    versions: `onnxruntime-node ${versionOf('onnxruntime-node')}, cpu, 1 thread, Node ${process.versions.node}`,
    loss,
    async step() {
      token = choose(await read(token))
      return token
    },
  }
})
