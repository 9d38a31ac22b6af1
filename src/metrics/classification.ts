/** How well labels were told: accuracy, and for each class precision, recall and F1. */

export interface ClassMeasure {
  readonly label: string
  /** Of those told to be of it, how many are; 0 where none was. */
  readonly precision: number
  /** Of those that are of it, how many were told to be; 0 where none is. */
  readonly recall: number
  /** 2·precision·recall / (precision + recall); 0 where both are. */
  readonly f1: number
  /** How many are of it. */
  readonly support: number
}

export interface ClassificationMeasure {
  readonly accuracy: number
  /** In the order of `labels`. */
  readonly classes: readonly ClassMeasure[]
  /** The mean of the classes' F1. */
  readonly macroF1: number
  readonly labels: readonly string[]
  /** By actual label, by label told: how many. */
  readonly confusion: readonly (readonly number[])[]
}

/**
 * Throws for lists of another length, for empty ones, and for a label that is not among `labels`.
 *
 * @param labels in what order. Default: those that occur, sorted
 */
export function measureClassification(
  actual: readonly string[],
  told: readonly string[],
  labels: readonly string[] = [...new Set([...actual, ...told])].sort(),
): ClassificationMeasure {
  if (actual.length !== told.length)
    throw new Error(`told: ${told.length} labels; must be ${actual.length}, as many as actual ones`)
  if (actual.length === 0) throw new Error('actual: no labels; must have at least one')
  const places = new Map(labels.map((label, i) => [label, i]))
  const placeOf = (label: string): number => {
    const place = places.get(label)
    if (place === undefined) throw new Error(`label: '${label}'; must be one of ${labels.join(', ')}`)
    return place
  }
  const confusion = labels.map(() => labels.map(() => 0))
  actual.forEach((label, i) => confusion[placeOf(label)][placeOf(told[i])]++)
  const classes = labels.map((label, i): ClassMeasure => {
    const right = confusion[i][i]
    const support = sum(confusion[i])
    const toldSo = sum(confusion.map((row) => row[i]))
    const [precision, recall] = [ratio(right, toldSo), ratio(right, support)]
    return { label, precision, recall, f1: ratio(2 * right, support + toldSo), support }
  })
  return {
    accuracy: sum(confusion.map((row, i) => row[i])) / actual.length,
    classes,
    macroF1: sum(classes.map(({ f1 }) => f1)) / labels.length,
    labels,
    confusion,
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const ratio = (part: number, all: number): number => (all === 0 ? 0 : part / all)
