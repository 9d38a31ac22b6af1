/** A language model as a program for PyTorch; with its training, one that goes on there. */
import { filesPy } from '../formats/python/files.js'
import { generatePy } from '../formats/python/generate.js'
import { modelPy } from '../formats/python/model.js'
import { trainDdpPy } from '../formats/python/train-ddp.js'
import { vocabularyPy } from '../formats/python/vocabulary.js'
import { windowsPy } from '../formats/python/windows.js'
import { decodingDefaults } from '../generate/decoding.js'
import { builtIn } from '../nn/named-cells.js'
import type { LanguageModel } from './model.js'

/**
 * The files of a folder, by name, that need only Python and torch: `model.py` with the network as a plain `nn.Module`, `generate.py`, which lets
 * it write, `files.py` and `vocabulary.py`, and the weights, `model.safetensors`. What is saved from there, `importModel` takes back.
 *
 * Throws a sentence for a cell of one's own.
 */
export function toPyTorch(model: LanguageModel): Record<string, Uint8Array | string> {
  const { cell } = model.config
  if (!Object.hasOwn(builtIn, cell)) {
    throw new Error(`cell: '${cell}' has no PyTorch module; there are such for ${Object.keys(builtIn).join(', ')}`)
  }
  return {
    'model.safetensors': model.toBytes(),
    'model.py': modelPy,
    'generate.py': generatePy(decodingDefaults),
    'vocabulary.py': vocabularyPy,
    'files.py': filesPy,
  }
}

/** What goes on with a training there, besides: the program that `torchrun` starts, and how it reads a text. */
export const trainingPrograms: Readonly<Record<string, string>> = { 'train_ddp.py': trainDdpPy, 'windows.py': windowsPy }
