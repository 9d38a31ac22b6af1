/** The JSON that RecurrentJS's sentence demo saves: read with care, and written so that the demo reads it. */

export interface SavedMat {
  readonly n: number
  readonly d: number
  /** Row-major. The original's arrays are typed, and JSON makes objects of those. */
  readonly w: ArrayLike<number>
}

export interface SavedModel {
  generator: 'lstm' | 'rnn'
  hidden_sizes: readonly number[]
  letter_size: number
  model: Readonly<Record<string, SavedMat>>
  /** The first versions of the demo saved none. */
  solver?: {
    decay_rate: number
    smooth_eps: number
    step_cache: Readonly<Record<string, SavedMat>>
  }
  letterToIndex: Readonly<Record<string, number>>
  indexToLetter: Readonly<Record<string, string>>
  vocab: readonly string[]
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1

/** Throws a sentence for what the demo cannot have saved. */
export function readSaved(json: unknown): SavedModel {
  const saved = (json ?? {}) as Partial<SavedModel>
  const { generator, hidden_sizes, letter_size, model, solver, letterToIndex } = saved
  if (generator !== 'lstm' && generator !== 'rnn') throw new Error(`generator: ${show(generator)}; must be 'lstm' or 'rnn'`)
  if (!Array.isArray(hidden_sizes) || hidden_sizes.length === 0 || !hidden_sizes.every(isSize))
    throw new Error(`hidden_sizes: ${show(hidden_sizes)}; must be a list of positive integers`)
  if (!isSize(letter_size)) throw new Error(`letter_size: ${show(letter_size)}; must be a positive integer`)
  if (typeof model !== 'object' || model === null) throw new Error(`model: ${show(model)}; must hold matrices by name`)
  const letters = Object.entries(letterToIndex ?? {})
  const indices = new Set(letters.map(([, index]) => index))
  if (letters.length === 0 || indices.size !== letters.length || letters.some(([, i]) => !isSize(i) || i > letters.length))
    throw new Error(
      `letterToIndex: ${show(letterToIndex)}; must number the letters from 1 to ${letters.length || 'their count'}, each once`,
    )
  if (solver) {
    if (!(solver.decay_rate >= 0 && solver.decay_rate < 1))
      throw new Error(`solver.decay_rate: ${show(solver.decay_rate)}; must be in [0, 1)`)
    if (typeof solver.step_cache !== 'object' || solver.step_cache === null)
      throw new Error(`solver.step_cache: ${show(solver.step_cache)}; must hold matrices by name`)
    if (!(solver.smooth_eps > 0)) throw new Error(`solver.smooth_eps: ${show(solver.smooth_eps)}; must be a positive number`)
  }
  return saved as SavedModel
}

/** The values of one saved matrix, which must have this shape. @param where what messages put before its name */
export function readMat(
  mats: Readonly<Record<string, SavedMat>>,
  part: string,
  rows: number,
  cols: number,
  where: string,
): Float64Array {
  const name = `${where}${part}`
  const mat = Object.hasOwn(mats, part) ? mats[part] : undefined
  if (!mat) throw new Error(`${name}: is missing`)
  if (mat.n !== rows || mat.d !== cols) throw new Error(`${name}: is [${mat.n}, ${mat.d}], expected [${rows}, ${cols}]`)
  return Float64Array.from({ length: rows * cols }, (_, i) => {
    const value = mat.w?.[i]
    if (!Number.isFinite(value)) throw new Error(`${name}: value ${i} is ${show(value)}; must be a finite number`)
    return value
  })
}

const show = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 60)
