/** What a classifier, a tagger or a transducer says of the sequences of a table. */
import { SequenceClassifier } from '../sequences/classifier.js'
import type { SequenceColumns } from '../sequences/model.js'
import type { Told } from '../sequences/label-model.js'
import type { SequenceTagger } from '../sequences/tagger.js'
import { Transducer } from '../sequences/transducer.js'
import type { SequenceInput } from '../series/sequences.js'
import { Table, type TableRow } from '../series/table.js'
import { figure, type Answer, type Predictor } from './answers.js'
import { groupsOf, stepKind, type Group, type StepKind } from './examples.js'
import { RowReader, type Rows } from './rows.js'
import type { TaskColumns } from './task.js'

export type SequenceTaskModel = SequenceClassifier | SequenceTagger | Transducer

export interface SequencePredictorOptions {
  readonly source: string
  /** Default: as in training. */
  readonly columns?: Pick<TaskColumns, 'input' | 'sequence'>
  /** Of a transducer: see `TransduceOptions`. */
  readonly beam?: number
  readonly length?: number
  /** Whether lines of text are refused, since it is a table. Default false. */
  readonly table?: boolean
}

/** The columns of a table, where nobody says those of training. */
export const columnsFor = ({ columns }: SequenceTaskModel, given: TaskColumns = {}): SequenceColumns => ({
  input: ['input'],
  ...columns,
  ...given,
})

/** What the steps of a model's sequences have, in the columns of a table. */
export function kindFor({ config, columns }: SequenceTaskModel, { input, token }: SequenceColumns, table: Table): StepKind {
  const { tokens, scalings } = config.encoder
  if (tokens.length === 0) return { token: undefined, numbers: input }
  if (scalings.length === 0) return { token: input[0], numbers: [] }
  const known = columns?.token ?? token
  return known !== undefined && input.includes(known)
    ? { token: known, numbers: input.filter((name) => name !== known) }
    : stepKind(table, input)
}

/** A list in each row of JSON lines is a sequence, also for a model that was trained on a table of steps. */
export const isOfSteps = ({ sequence }: SequenceColumns, names: readonly string[]): boolean =>
  sequence !== undefined && names.includes(sequence)

/** Whether a model's sequences are texts, so that a line may be one. */
const readsTexts = (model: SequenceTaskModel): boolean => {
  const { tokens, scalings } = model.config.encoder
  return tokens.length > 0 && scalings.length === 0
}

export class SequencePredictor implements Predictor {
  readonly names: readonly string[]
  readonly #model: SequenceTaskModel
  readonly #options: SequencePredictorOptions
  readonly #columns: SequenceColumns
  readonly #reader: RowReader
  /** Of the sequence that may go on in what comes: its rows. */
  #open: TableRow[] = []
  /** The sequences that have been answered. */
  readonly #seen = new Set<string>()

  constructor(model: SequenceTaskModel, options: SequencePredictorOptions) {
    const { source, columns, table = false } = options
    this.#model = model
    this.#options = options
    this.#columns = columnsFor(model, columns)
    const { input, sequence } = this.#columns
    const lines = !table && columns?.input === undefined && sequence === undefined && readsTexts(model)
    this.#reader = new RowReader({ source, column: input[0], lines })
    this.names = namesOf(model)
  }

  push(text: string): Answer[] {
    return this.#answers(this.#reader.push(text), false)
  }

  end(): Answer[] {
    return this.#answers(this.#reader.end(), true)
  }

  #answers({ names, rows }: Rows, isLast: boolean): Answer[] {
    const { source } = this.#options
    const all = [...this.#open, ...rows]
    if (all.length === 0 || (rows.length === 0 && !isLast)) return []
    this.#open = []
    const columns = { ...this.#columns }
    const { sequence } = columns
    const ofSteps = isOfSteps(columns, names)
    if (sequence !== undefined && !ofSteps && this.#reader.form !== 'json') {
      // Says which column is missing.
      Table.fromRows(all, { source, names }).values(sequence)
    }
    if (!ofSteps) delete (columns as { sequence?: string }).sequence
    const table = Table.fromRows(all, { source, names })
    const input = ofSteps ? columns.input : columns.input.slice(0, 1)
    const groups = groupsOf(table, { ...columns, input }, ofSteps ? kindFor(this.#model, columns, table) : undefined)
    if (ofSteps && !isLast) {
      const { from } = groups.pop()!
      this.#open = all.slice(from)
    }
    if (ofSteps) this.#refuseAgain(groups, all)
    return answersOf(this.#model, groups, this.#options, (i) => `${source}: row ${all[groups[i].from].row.toLocaleString('en')}`)
  }

  #refuseAgain(groups: readonly Group[], rows: readonly TableRow[]): void {
    for (const { name, from } of groups) {
      if (this.#seen.has(name)) {
        const where = `${this.#options.source}: row ${rows[from].row.toLocaleString('en')}`
        throw new Error(`${where}: sequence '${name}' begins again; the rows of a sequence must stand one below the other`)
      }
      this.#seen.add(name)
    }
  }
}

function namesOf(model: SequenceTaskModel): string[] {
  if (model instanceof SequenceClassifier) return ['label', 'probability']
  return model instanceof Transducer ? ['output', 'log_probability'] : ['sequence', 'label', 'probability']
}

const probabilityOf = ({ label, probabilities }: Told): number => figure(probabilities[label])

function answersOf(
  model: SequenceTaskModel,
  groups: readonly Group[],
  { beam, length }: SequencePredictorOptions,
  whereOf: (i: number) => string,
): Answer[] {
  const inputs = groups.map(({ input }) => input)
  const placed = <T>(act: (inputs: readonly SequenceInput[]) => T): T => {
    try {
      return act(inputs)
    } catch (error) {
      throw new Error(
        (error as Error).message.replace(/^sequence ([\d,]+)/, (_, n: string) => whereOf(Number(n.replaceAll(',', '')) - 1)),
      )
    }
  }
  if (model instanceof SequenceClassifier) {
    return placed((all) => model.classifyAll(all)).map((told) => ({
      json: { ...told },
      rows: [[told.label, probabilityOf(told)]],
    }))
  }
  if (model instanceof Transducer) {
    const options = { ...(beam === undefined ? {} : { beam }), ...(length === undefined ? {} : { length }) }
    return placed((all) => model.transduceAll(all, options)).map(({ output, tokens, logProbability, isEnded }) => ({
      json: { output, tokens, logProbability, isEnded },
      rows: [[typeof output === 'string' ? output : output.join(' '), figure(logProbability)]],
    }))
  }
  return placed((all) => model.tagAll(all)).map((steps, i) => ({
    json: { sequence: groups[i].name, labels: steps.map(({ label }) => label), probabilities: steps.map(probabilityOf) },
    rows: steps.map((told) => [groups[i].name, told.label, probabilityOf(told)]),
  }))
}
