/** From the lines of a log to what a report shows: the way the run took, what it took back, and few enough points to draw. */
import type { DivergenceLine, EndLine, FinalLine, LogLine, ResumedLine, SampleLine, StepLine, ValidationLine } from './log.js'

/** The numbers of a line; null where it has none. */
export type Row<Name extends string> = Record<'step', number> & Record<Name, number | null>

/** What is measured at a step. */
export const measures = ['seconds', 'epoch', 'loss', 'learningRate', 'gradientNorm', 'clippedShare', 'tokensPerSecond'] as const
export type StepRow = Row<(typeof measures)[number]>

/** What is measured on held-out text. */
export const losses = ['seconds', 'nats', 'bitsPerCharacter', 'perplexity', 'accuracy'] as const
export interface ValidationRow extends Row<(typeof losses)[number]> {
  best: boolean
  /** Whether the run went back to before it. */
  undone: boolean
}

export interface Sample {
  readonly step: number
  readonly temperature: number | null
  readonly text: string
  undone: boolean
}

/** A divergence or a resumption, and when it was. */
export interface Mark {
  readonly line: DivergenceLine | ResumedLine
  readonly seconds: number | null
}

export interface Run {
  /** The step lines that led to where the run is, in ascending order. */
  readonly steps: readonly StepRow[]
  /** The step lines of each attempt that was given up, because the run went back to before them. */
  readonly undone: readonly (readonly StepRow[])[]
  readonly validations: readonly ValidationRow[]
  readonly samples: readonly Sample[]
  readonly marks: readonly Mark[]
  /** Where the run is. */
  readonly step: number
  readonly seconds: number | null
  readonly end: EndLine | undefined
  /** What it measured at its end, where validations measured a part of the held-out text. */
  readonly final: FinalLine | undefined
}

/** Reads a log in order. A line whose step is no number is left out: it has no place. So is one of an event that is not known. */
export function readRun(log: readonly LogLine[]): Run {
  const steps: StepRow[] = []
  const undone: StepRow[][] = []
  const validations: ValidationRow[] = []
  const samples: Sample[] = []
  const marks: Mark[] = []
  let end: EndLine | undefined
  let final: FinalLine | undefined
  let step = 0

  const goBackTo = (target: number): void => {
    const kept = steps.findLastIndex((row) => row.step <= target) + 1
    if (kept < steps.length) undone.push(steps.splice(kept))
    for (const list of [validations, samples]) {
      for (let i = list.length - 1; i >= 0 && (list[i].undone || list[i].step > target); i--) list[i].undone = true
    }
  }
  const secondsSoFar = () => steps.at(-1)?.seconds ?? validations.findLast((row) => !row.undone)?.seconds ?? null

  for (const line of log) {
    if (numberOf(line.step) === null) continue
    switch (line.event) {
      case 'step':
        // Steps only ever go up; where they do not, the line that says why is missing.
        if (line.step <= (steps.at(-1)?.step ?? -1)) goBackTo(line.step - 1)
        steps.push({ step: line.step, ...numbersOf(line, measures) })
        final = undefined
        break
      case 'validation':
        validations.push({ step: line.step, ...numbersOf(line, losses), best: line.best === true, undone: false })
        break
      case 'final':
        final = line
        break
      case 'sample':
        if (typeof line.text !== 'string') continue
        samples.push({ step: line.step, temperature: numberOf(line.temperature), text: line.text, undone: false })
        break
      case 'divergence': {
        marks.push({ line, seconds: secondsSoFar() })
        const backTo = numberOf(line.backTo)
        if (backTo !== null) goBackTo(backTo)
        step = backTo ?? line.step
        end = undefined
        continue
      }
      case 'resumed':
        goBackTo(line.step)
        marks.push({ line, seconds: secondsSoFar() })
        break
      case 'end':
        break
      default:
        continue
    }
    step = line.step
    end = line.event === 'end' ? line : undefined
  }
  return { steps, undone, validations, samples, marks, step, seconds: numberOf(end?.seconds) ?? secondsSoFar(), end, final }
}

/** The lowest loss on held-out text. */
export function bestOf(validations: readonly ValidationRow[]): ValidationRow | undefined {
  let best: ValidationRow | undefined
  for (const row of validations) if (!row.undone && row.nats !== null && row.nats < (best?.nats ?? Infinity)) best = row
  return best
}

const numberOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

const numbersOf = <Name extends string>(line: StepLine | ValidationLine | SampleLine, names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, numberOf((line as unknown as Record<string, unknown>)[name])])) as Record<
    Name,
    number | null
  >

/** The measures that jump, so that a line left out may be one to see. */
export const jumpy = ['loss', 'gradientNorm', 'tokensPerSecond'] as const
export type Jumpy = (typeof jumpy)[number]

export interface Thinned {
  readonly rows: readonly StepRow[]
  /** For each row, the mean over the rows that it stands for: the extremes are no fair sample of them. */
  readonly means: Readonly<Record<Jumpy, readonly (number | null)[]>>
}

/**
 * At most so many rows: the first, the last, and of each of many stretches of equal length those that hold the lowest and the
 * highest loss, gradient norm and speed, so that no spike is lost.
 */
export function thin(rows: readonly StepRow[], most: number): Thinned {
  const stretches = Math.floor((most - 2) / (2 * jumpy.length))
  const few = rows.length <= most
  const kept: StepRow[] = []
  const means: Record<Jumpy, (number | null)[]> = { loss: [], gradientNorm: [], tokensPerSecond: [] }
  const count = few ? rows.length : stretches
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * rows.length) / count)
    const stretch = rows.slice(from, Math.floor(((i + 1) * rows.length) / count))
    const ends = [...(i === 0 ? [rows[0]] : []), ...(i === count - 1 ? [rows[rows.length - 1]] : [])]
    const chosen = few ? new Set(stretch) : new Set([...ends, ...jumpy.flatMap((name) => extremes(stretch, name))])
    for (const row of stretch) if (chosen.has(row)) kept.push(row)
    for (const name of jumpy) {
      const mean = meanOf(stretch, name)
      for (let j = 0; j < chosen.size; j++) means[name].push(mean)
    }
  }
  return { rows: kept, means }
}

function extremes(rows: readonly StepRow[], name: Jumpy): StepRow[] {
  const [first, ...others] = rows.filter((row) => row[name] !== null)
  if (!first) return []
  let lowest = first
  let highest = first
  for (const row of others) {
    if (row[name]! < lowest[name]!) lowest = row
    if (row[name]! > highest[name]!) highest = row
  }
  return [lowest, highest]
}

function meanOf(rows: readonly StepRow[], name: Jumpy): number | null {
  const values = rows.flatMap((row) => row[name] ?? [])
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}

/** At most so many of a list, evenly, the first and the last among them. */
export function spread<T>(list: readonly T[], most: number): readonly T[] {
  if (list.length <= most) return list
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))])
}
