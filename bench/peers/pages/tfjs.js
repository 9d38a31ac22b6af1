import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import wasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'

setWasmPaths({ 'tfjs-backend-wasm-simd.wasm': wasm })
await tf.setBackend('wasm')
const text = document.querySelector('textarea').value
const vocabulary = [...new Set(text)]
const ids = Array.from(text, (character) => vocabulary.indexOf(character))
const window = 64
const starts = Array.from({ length: Math.floor((ids.length - 1) / window) }, (_, i) => i * window)
const cut = (shift) => starts.map((start) => ids.slice(start + shift, start + shift + window))
const model = tf.sequential()
model.add(tf.layers.embedding({ inputDim: vocabulary.length, outputDim: 64, inputLength: window }))
model.add(tf.layers.lstm({ units: 128, returnSequences: true }))
model.add(tf.layers.dense({ units: vocabulary.length, activation: 'softmax' }))
model.compile({ optimizer: tf.train.adam(0.002), loss: 'categoricalCrossentropy' })
const [inputs, targets] = [tf.tensor2d(cut(0)), tf.oneHot(tf.tensor2d(cut(1), undefined, 'int32'), vocabulary.length)]
await model.fit(inputs, targets, {
  epochs: 1,
  callbacks: { onBatchEnd: (step, { loss }) => (document.title = `${step}: ${loss}`) },
})
