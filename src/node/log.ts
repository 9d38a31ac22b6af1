/**
 * What a run leaves behind to be read: `log.jsonl`, a JSON object a line as things happen, and `config.json`, what the run was
 * asked for. Losses are in nats a token. `seconds` is the time trained so far, validations and samples left out.
 */

import type { TaskColumns, TaskName, TaskOptions } from '../tasks/task.js'

/** A step's report. Not every step has one. */
export interface StepLine {
  readonly event: 'step'
  /** Steps taken, from 1. */
  readonly step: number
  /** How often the text has been read, fractions included. */
  readonly epoch: number
  /** The training loss of the step's window. */
  readonly loss: number
  readonly learningRate: number
  /** Norm of the gradient before clipping. */
  readonly gradientNorm: number
  /** Share of the gradient's elements that was limited, from 0 to 1, where the optimizer counts them. */
  readonly clippedShare?: number
  readonly tokensPerSecond: number
  readonly seconds: number
}

/** The loss on text that is never trained on. */
export interface ValidationLine {
  readonly event: 'validation'
  readonly step: number
  readonly seconds: number
  /** In nats a token; of a run of a task, in the unit that its configuration names. */
  readonly nats: number
  readonly bitsPerCharacter?: number
  readonly perplexity?: number
  /** Share of labels, or tokens, that were right. */
  readonly accuracy?: number
  /** How many tokens, or whatever else, were predicted. */
  readonly tokens?: number
  /** Whether it was the lowest so far. */
  readonly best?: boolean
}

/** At the end, where validations measured a part of the held-out text: the loss on all of it. */
export interface FinalLine extends Omit<ValidationLine, 'event' | 'best'> {
  readonly event: 'final'
}

/** A text that the model wrote after a step. */
export interface SampleLine {
  readonly event: 'sample'
  readonly step: number
  readonly temperature: number
  readonly text: string
}

/** A loss or gradient was not finite: the run went back to where it was, with a lower rate. */
export interface DivergenceLine {
  readonly event: 'divergence'
  readonly step: number
  readonly message: string
  /** The first op that gave a value that is not finite. */
  readonly op?: string
  readonly parameter?: string
  /** The step that it went on from. Absent: it did not. */
  readonly backTo?: number
  /** What the learning rate was multiplied by. */
  readonly rateFactor?: number
}

/** The run was started again, from what it had saved after this step. */
export interface ResumedLine {
  readonly event: 'resumed'
  readonly step: number
}

/** Why a run ended. */
export type EndReason = 'steps' | 'epochs' | 'time' | 'loss' | 'patience' | 'stopped' | 'divergence'

export interface EndLine {
  readonly event: 'end'
  readonly step: number
  readonly reason: EndReason
  readonly seconds: number
}

export type LogLine = StepLine | ValidationLine | FinalLine | SampleLine | DivergenceLine | ResumedLine | EndLine

/** What every `config.json` has. */
interface AnyConfig {
  readonly format: 'unrolled run'
  readonly version: number
  readonly model: {
    readonly cell: string
    /** The units of each layer; one number where all are equal. */
    readonly hidden: number | readonly number[]
    readonly layers: number
    readonly embedding?: number
    readonly dropout?: number
    readonly tied?: boolean
    readonly [option: string]: unknown
  }
  readonly training: { readonly steps?: number; readonly [option: string]: unknown }
  /** What was used for options of `training` that were not given. */
  readonly defaults?: Readonly<Record<string, unknown>>
  readonly kernels: string
  readonly parameters: number
  /** The versions that it was trained with. */
  readonly unrolled: string
  readonly node: string
}

/** The object of the `config.json` of a language model. */
export interface RunConfig extends AnyConfig {
  readonly task?: undefined
  readonly vocabulary: { readonly kind: string; readonly size: number; readonly [option: string]: unknown }
  readonly corpus: {
    readonly sources: readonly string[]
    readonly tokens: number
    readonly characters: number
    readonly documents: number | null
    /** Share of the held-out tokens that the vocabulary knows, where any are held out. */
    readonly heldOutCoverage?: number
    readonly [option: string]: unknown
  }
}

/** What a table is kept as, in the folder of a run. */
export const dataFiles = ['data.csv', 'data.jsonl'] as const

/** That of a model of a task. */
export interface TaskRunConfig extends AnyConfig {
  readonly task: TaskName
  /** What the loss of a prediction is counted in. */
  readonly unit: string
  readonly data: {
    /** In the folder. */
    readonly file: (typeof dataFiles)[number]
    /** What it was read from. */
    readonly source: string
    readonly rows: number
    readonly columns: TaskColumns
  }
  /** The options of the task that were given. */
  readonly options: TaskOptions
}

export type AnyRunConfig = RunConfig | TaskRunConfig

/**
 * The lines of a log. A last line without its line end was being written when the file was read, or when the machine stopped: it
 * is left out, unless it is whole. Lines of events that are not known here stay in.
 *
 * Throws for any other line that is no JSON object with an `event`; lines are counted from 1.
 *
 * @param source what messages call the text; default 'log.jsonl'
 */
export function parseLog(text: string, source = 'log.jsonl'): LogLine[] {
  const rows = text.split('\n')
  return rows.flatMap((row, index) => {
    if (row.trim() === '') return []
    const line = parseLine(row)
    if (line) return [line]
    if (index === rows.length - 1) return []
    const shown = row.length > 60 ? `${row.slice(0, 60)}…` : row
    throw new Error(`${source}: line ${index + 1} is ${JSON.stringify(shown)}; must be a JSON object with an event`)
  })
}

/** The lines of a log that are whole, whatever is between them. */
export const intactLines = (text: string): LogLine[] => text.split('\n').flatMap((row) => parseLine(row) ?? [])

function parseLine(row: string): LogLine | undefined {
  try {
    const value = JSON.parse(row) as LogLine | null
    return typeof value?.event === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
