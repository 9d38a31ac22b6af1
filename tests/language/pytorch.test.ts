import { expect, test } from 'vitest'
import { createEngine, defineCell, importModel, LanguageModel, toPyTorch } from '../../src/index.js'

const engine = createEngine({ kernels: 'plain' })
const options = { text: 'abc', hidden: 3, layers: 1, embedding: 2, engine }

test('a folder for PyTorch has the weights and the program', () => {
  const model = LanguageModel.create(options)
  const files = toPyTorch(model)
  expect(Object.keys(files).sort()).toEqual(['files.py', 'generate.py', 'model.py', 'model.safetensors', 'vocabulary.py'])
  expect(importModel(files['model.safetensors'] as Uint8Array, { engine }).toBytes()).toEqual(model.toBytes())
})

test('there is none for a cell of one’s own', () => {
  const cell = defineCell({
    name: 'mine',
    state: ({ hidden }) => ({ h: hidden }),
    parameters: ({ input, hidden }) => ({ W: [input, hidden] }),
    step: (g, x, _, { W }) => ({ h: g.matmul(x, W), output: g.matmul(x, W) }),
  })
  expect(() => toPyTorch(LanguageModel.create({ ...options, cell }))).toThrow("cell: 'mine' has no PyTorch module")
})
