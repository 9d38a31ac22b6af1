/**
 * The numbers that the lowering writes and the kernels read. This file is compiled twice: by TypeScript for the lowering
 * and by AssemblyScript for the interpreter, so it holds plain enums and nothing else.
 */

/** First word of a record. A record is 16 words (Int32); addresses and strides are in bytes, sizes in elements. */
export enum Opcode {
  /** A block program: rows, cols, code, instructions, slots, slotCount, firstRow */
  Elementwise = 1,
  /** C = op(A)·op(B) + D: M, N, K, A, lda, B, ldb, C, ldc, D (0: nothing), ldd, flags (GemmFlag) */
  Gemm = 2,
  /** Rearranges op(B) [K, N] into panels: N, K, B, ldb, transposed (0 or 1), destination */
  Pack = 3,
  /** y = softmax of each row: rows, cols, x, xStride, y, yStride */
  Softmax = 4,
  /** y = log-softmax of each row: rows, cols, x, xStride, y, yStride */
  LogSoftmax = 5,
  /** dx = y·(g − Σ g·y): rows, cols, g, gStride, y, yStride, dx, dxStride */
  SoftmaxGrad = 6,
  /** dx = g − exp(y)·Σ g: rows, cols, g, gStride, y, yStride, dx, dxStride */
  LogSoftmaxGrad = 7,
  /** loss = logsumexp(x) − x[target], 0 where target < 0: rows, cols, x, xStride, targets, loss, lossStride */
  CrossEntropy = 8,
  /** dx = g·(softmax(x) − onehot(target)), 0 where target < 0: rows, cols, x, xStride, targets, g, gStride, dx, dxStride */
  CrossEntropyGrad = 9,
  /** y = (x − mean) / √(variance + ε) of each row: rows, cols, x, xStride, y, yStride, ε (float bits) */
  Normalize = 10,
  /** the gradient of Normalize: rows, cols, x, xStride, g, gStride, dx, dxStride, ε (float bits) */
  NormalizeGrad = 11,
  /** y[i] = table[index[i]]: rows, cols, table, tableStride, indices, y, yStride */
  Gather = 12,
  /** out = 0, then out[index[i]] += g[i]: rows, cols, g, gStride, indices, out, outStride, outRows */
  ScatterAdd = 13,
  /** out[0] = Σ over rows: rows, cols, x, xStride, out */
  SumRows = 14,
  /** out[r] = Σ over columns: rows, cols, x, xStride, out, outStride */
  SumCols = 15,
  /** out[0,0] = Σ over all: rows, cols, x, xStride, out */
  SumAll = 16,
  /** out[r] = Σ over blocks b of x[b·rows + r]: rows (of out), cols, x, xStride, out, outStride, blocks */
  SumBlocks = 17,
  /** y = xᵀ: rows, cols (of x), x, xStride, y, yStride */
  Transpose = 18,
  /** out[0,0] = Σ x²: rows, cols, x, xStride, out */
  SumSquares = 19,
  /** out[r] = max over blocks b of x[b·rows + r]: rows (of out), cols, x, xStride, out, outStride, blocks */
  MaxBlocks = 20,
  /** As Gemm, but for a native library to run: D is nothing, or C. The kernels do not know it. */
  NativeGemm = 21,
}

export enum GemmFlag {
  /** A is stored [K, M] */
  TransposeA = 1,
  /** B is stored [N, K] */
  TransposeB = 2,
  /** B is in panels that Pack made */
  PackedB = 4,
}

/** What a slot of a block program stands for. A slot is 4 words: kind, address (or float bits), row stride, modulo. */
export enum SlotKind {
  /** A matrix in memory. Row stride 0 repeats one row; modulo m > 0 reads row r mod m. */
  Matrix = 0,
  /** One value a row, repeated along the columns. */
  Column = 1,
  /** One value in memory, repeated everywhere. */
  Scalar = 2,
  /** The float whose bits stand in the address word. */
  Immediate = 3,
}

/** An instruction of a block program is 8 words: op, destination, a, b, c (slots), immediate (float bits), first, 0. */
export enum Micro {
  Copy = 0,
  Add = 1,
  Sub = 2,
  Mul = 3,
  Div = 4,
  Min = 5,
  Max = 6,
  Neg = 7,
  Abs = 8,
  /** −1, 0 or 1 */
  Sign = 9,
  Square = 10,
  Sqrt = 11,
  Exp = 12,
  Log = 13,
  Tanh = 14,
  Sigmoid = 15,
  Relu = 16,
  /** log(1 + eˣ), without overflow */
  Softplus = 17,
  /** a raised to the immediate */
  Pow = 18,
  /** 1 where a > b, else 0 */
  Greater = 19,
  /** 1 where a ≥ b, else 0 */
  GreaterEqual = 20,
  /** b where a ≠ 0, else c */
  Select = 21,
  /** a·b + c */
  MulAdd = 22,
  /** a·(1 − b²) */
  TanhGrad = 23,
  /** a·b·(1 − b) */
  SigmoidGrad = 24,
  /** a where b > 0, else 0 */
  ReluGrad = 25,
  /** a scaled by 1/(1−p) or zeroed; p is the immediate; slot b is a Scalar slot whose word is the uint32 key; positions count from `first` */
  Dropout = 26,
  /** a, but not below b nor above c; a NaN of a stays. b and c must not be NaN. */
  Clamp = 27,
}
