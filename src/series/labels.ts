/** What sequences may be told to be: the labels, their weights, and a part held out that has them in like shares. */
import { Random } from '../nn/random.js'
import { nearest } from './table.js'

/** `balanced`: each label counts as much as the others, however many sequences have it. Or a weight for each label. */
export type ClassWeights = 'balanced' | Readonly<Record<string, number>>

export class Labels {
  /** Sorted. */
  readonly names: readonly string[]
  readonly #places: ReadonlyMap<string, number>

  /**
   * The labels that occur in some. Throws if there are fewer than two.
   *
   * @param labels one for each sequence, or step
   */
  constructor(labels: Iterable<string>) {
    this.names = [...new Set(labels)].sort()
    this.#places = new Map(this.names.map((name, i) => [name, i]))
    if (this.names.length < 2) {
      const all = this.names.length === 0 ? 'there are none' : `all are '${this.names[0]}'`
      throw new Error(`labels: ${all}; must be at least two different ones, for there to be something to tell apart`)
    }
  }

  get size(): number {
    return this.names.length
  }

  /**
   * The number of a label, from 0. Throws for one that was not there in training.
   *
   * @param where what messages call its place, such as `row 7`
   */
  numberOf(label: string, where: string): number {
    const place = this.#places.get(label)
    if (place === undefined)
      throw new Error(`${where}: label '${label}' was not there in training; ${nearest(label, this.names)}`)
    return place
  }

  /** The weight of each label, by number; the mean over the given ones is 1. */
  weights(labels: readonly string[], wanted: ClassWeights): Float64Array {
    if (wanted !== 'balanced') for (const name of Object.keys(wanted)) this.numberOf(name, 'classWeights')
    const counts = new Float64Array(this.size)
    labels.forEach((label, i) => counts[this.numberOf(label, `label ${i + 1}`)]++)
    const weights = Float64Array.from(this.names, (name, i) => {
      if (wanted === 'balanced') return counts[i] === 0 ? 0 : 1 / counts[i]
      const weight = wanted[name] ?? 1
      if (!(weight >= 0 && weight < Infinity)) throw new Error(`classWeights: ${weight} for '${name}'; must be 0 or more`)
      return weight
    })
    const sum = weights.reduce((total, weight, i) => total + weight * counts[i], 0)
    if (!(sum > 0)) throw new Error('classWeights: 0 for every label that there is; one must be above 0')
    return weights.map((weight) => (weight * labels.length) / sum)
  }
}

export interface Split {
  /** Numbers of what is trained on, rising. */
  readonly training: Int32Array
  /** Numbers of what is held out, rising. */
  readonly heldOut: Int32Array
}

/**
 * Holds out a share of each label's sequences, rounded, but never all of them: a label of one sequence is trained on. Throws if nothing would
 * be held out.
 *
 * @param share above 0 and below 1
 */
export function stratifiedSplit(labels: readonly string[], share: number, seed: number): Split {
  if (!(share > 0 && share < 1)) throw new Error(`heldOut: ${share}; must be above 0 and below 1`)
  const byLabel = new Map<string, number[]>()
  labels.forEach((label, i) => {
    const members = byLabel.get(label)
    if (members) members.push(i)
    else byLabel.set(label, [i])
  })
  const random = new Random(seed)
  const held = new Uint8Array(labels.length)
  for (const [label, members] of byLabel) {
    const wanted = Math.min(members.length - 1, Math.round(members.length * share))
    for (const i of shuffled(members, random.fork(label)).slice(0, wanted)) held[i] = 1
  }
  const all = Int32Array.from(labels.keys())
  const heldOut = all.filter((i) => held[i] === 1)
  if (heldOut.length === 0) {
    throw new Error(`heldOut: ${share} of ${labels.length} sequences is none of any label; give more of them, or hold out 0`)
  }
  return { training: all.filter((i) => held[i] === 0), heldOut }
}

/** Another order, each as likely as the others (Fisher & Yates 1938). */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const result = [...list]
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    ;[result[i], result[j]] = [result[j], result[i]]
  }
  return result
}
