import { gemm, GEMM_BYTES, pack, placeGemm } from './gemm'
import { elementwise, ELEMENTWISE_BYTES, placeElementwise } from './elementwise'
import {
  softmax,
  logSoftmax,
  softmaxGrad,
  logSoftmaxGrad,
  crossEntropy,
  crossEntropyGrad,
  normalize,
  normalizeGrad,
} from './rows'
import { gather, scatterAdd, transpose } from './move'
import { sumRows, sumCols, sumAll, sumBlocks, maxBlocks, sumSquares } from './reduce'
import { Opcode } from '../opcodes'
export { keepSums } from './sums'
export { runTogether, settle, work, finish } from './threads'

/** First byte behind the kernels' own tables and working memory. */
export function heapBase(): usize {
  return __heap_base
}

/** How much working memory an instance needs. */
export function scratchBytes(): i32 {
  return GEMM_BYTES + ELEMENTWISE_BYTES
}

/**
 * Gives this instance other working memory than the module's, on a boundary of 64, before anything is run: of several instances on one
 * memory only one can have that.
 */
export function useScratch(at: usize): void {
  placeGemm(at)
  placeElementwise(at + GEMM_BYTES)
}

// @ts-ignore: decorator
@inline
function at(record: usize, word: i32): i32 {
  return load<i32>(record + ((<usize>word) << 2))
}

/** Executes the records from `first` up to `end` (byte addresses). */
export function run(first: usize, end: usize): void {
  for (let r = first; r < end; r += 64) {
    switch (at(r, 0)) {
      case Opcode.Elementwise:
        elementwise(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7))
        break
      case Opcode.Gemm:
        // oxfmt-ignore
        gemm(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7), at(r, 8), at(r, 9), at(r, 10), at(r, 11), at(r, 12))
        break
      case Opcode.Pack:
        pack(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6))
        break
      case Opcode.Softmax:
        softmax(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6))
        break
      case Opcode.LogSoftmax:
        logSoftmax(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6))
        break
      case Opcode.SoftmaxGrad:
        softmaxGrad(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7), at(r, 8))
        break
      case Opcode.LogSoftmaxGrad:
        logSoftmaxGrad(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7), at(r, 8))
        break
      case Opcode.CrossEntropy:
        crossEntropy(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7))
        break
      case Opcode.CrossEntropyGrad:
        crossEntropyGrad(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7), at(r, 8), at(r, 9))
        break
      case Opcode.Normalize:
        normalize(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), reinterpret<f32>(at(r, 7)))
        break
      case Opcode.NormalizeGrad:
        normalizeGrad(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7), at(r, 8), reinterpret<f32>(at(r, 9)))
        break
      case Opcode.Gather:
        gather(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7))
        break
      case Opcode.ScatterAdd:
        scatterAdd(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7), at(r, 8), at(r, 9))
        break
      case Opcode.SumRows:
        sumRows(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5))
        break
      case Opcode.SumCols:
        sumCols(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6))
        break
      case Opcode.SumAll:
        sumAll(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5))
        break
      case Opcode.SumBlocks:
        sumBlocks(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7))
        break
      case Opcode.MaxBlocks:
        maxBlocks(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6), at(r, 7))
        break
      case Opcode.Transpose:
        transpose(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5), at(r, 6))
        break
      case Opcode.SumSquares:
        sumSquares(at(r, 1), at(r, 2), at(r, 3), at(r, 4), at(r, 5))
        break
      default:
        unreachable()
    }
  }
}
