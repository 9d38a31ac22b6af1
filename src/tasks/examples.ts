/** Sequences, labels and outputs, out of the columns of a table. */
import type { TaggedExample } from '../sequences/tagger.js'
import type { ClassifiedExample } from '../sequences/classifier.js'
import type { TransducedExample } from '../sequences/transducer.js'
import type { SequenceInput } from '../series/sequences.js'
import type { Table } from '../series/table.js'
import type { TaskColumns } from './task.js'

/** What each step of a sequence has. */
export interface StepKind {
  /** The column of tokens, if there is one. */
  readonly token: string | undefined
  readonly numbers: readonly string[]
}

/** Rows of a table that are one sequence. */
export interface Group {
  /** What its rows are called in the column of sequences; of a row that is a sequence, its number. */
  readonly name: string
  readonly input: SequenceInput
  /** Indices of its rows in the table: from the first to before the second. */
  readonly from: number
  readonly to: number
}

const count = (n: number): string => n.toLocaleString('en')

/**
 * The sequences of a table. Where a column says which sequence a row belongs to, each row is a step; else each row is a sequence.
 *
 * @param kind of steps, where that is known already; default: a column that has nothing but numbers and gaps is one of numbers
 */
export function groupsOf(table: Table, columns: TaskColumns, kind?: StepKind): Group[] {
  const { input = ['input'], sequence } = columns
  if (sequence === undefined) {
    if (input.length > 1) {
      throw new Error(
        `input: ${input.join(', ')}; must be one column where each row is a sequence; name the column that tells sequences apart as sequence`,
      )
    }
    return table.values(input[0]).map(({ value, row }, i) => ({
      name: String(i + 1),
      input: inputOf(value, `${table.source}: row ${count(row)}, column '${input[0]}'`),
      from: i,
      to: i + 1,
    }))
  }
  const { token, numbers } = kind ?? stepKind(table, input)
  const tokens = token === undefined ? undefined : table.tokens(token)
  const values = numbers.map((name) => table.numbers(name).values)
  const names = table.tokens(sequence)
  const groups: Group[] = []
  const seen = new Set<string>()
  for (let from = 0; from < names.length;) {
    const name = names[from]
    if (seen.has(name)) {
      const { row } = table.values(sequence)[from]
      throw new Error(
        `${table.source}: row ${count(row)}: sequence '${name}' begins again; the rows of a sequence must stand one below the other`,
      )
    }
    seen.add(name)
    let to = from + 1
    while (to < names.length && names[to] === name) to++
    const own = tokens?.slice(from, to)
    const steps = Array.from({ length: to - from }, (_, t) => values.map((column) => column[from + t]))
    groups.push({ name, input: own && numbers.length > 0 ? { tokens: own, numbers: steps } : (own ?? steps), from, to })
    from = to
  }
  return groups
}

/** What the columns of steps hold. Throws for more than one of tokens. */
export function stepKind(table: Table, input: readonly string[]): StepKind {
  const numbers = input.filter((name) => table.kindOf(name) === 'number')
  const tokens = input.filter((name) => !numbers.includes(name))
  if (tokens.length > 1) {
    throw new Error(`${table.source}: columns '${tokens.join("', '")}' are not of numbers; at most one can be of tokens`)
  }
  return { token: tokens[0], numbers }
}

/** Says which columns are read as tokens though some of their cells are numbers. */
export function notesOn(table: Table, { input = ['input'], sequence }: TaskColumns): string[] {
  if (sequence === undefined) return []
  return input.flatMap((name) => {
    if (table.kindOf(name) === 'number') return []
    const all = table.values(name)
    const isNumber = ({ value }: { value: unknown }): boolean =>
      typeof value === 'number' || (String(value).trim() !== '' && !Number.isNaN(Number(value)))
    const stray = all.find((cell) => !isNumber(cell))
    const numbers = all.filter(isNumber).length
    if (!stray || numbers === 0) return []
    return [
      `${table.source}: column '${name}' is read as tokens: ${count(numbers)} of its ${count(all.length)} cells are numbers, but row ${count(stray.row)} is '${String(stray.value)}'`,
    ]
  })
}

/** A cell, or a value of JSON, as a sequence. Gaps in lists of numbers are null there. */
export function inputOf(value: unknown, where: string): SequenceInput {
  if (typeof value === 'string' && value !== '') return value
  if (Array.isArray(value) && value.length > 0) return listOf(value, where) as SequenceInput
  if (typeof value === 'object' && value !== null && 'tokens' in value && 'numbers' in value) {
    const { tokens, numbers } = value
    if (typeof tokens === 'string' || isTexts(tokens)) {
      return { tokens, numbers: listOf(numbers, where) } as SequenceInput
    }
  }
  const shown = value === '' || value === undefined || value === null ? 'empty' : JSON.stringify(value).slice(0, 40)
  throw new Error(`${where} is ${shown}; must be a text, or a list of tokens or numbers, with at least one step`)
}

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string')

function listOf(list: unknown, where: string): unknown {
  const numberOf = (one: unknown): number => {
    if (one === null) return NaN
    if (typeof one === 'number') return one
    throw new Error(`${where} has ${JSON.stringify(one)?.slice(0, 40)}; must be numbers only, or texts only`)
  }
  if (!Array.isArray(list)) throw new Error(`${where}: its numbers are ${JSON.stringify(list)?.slice(0, 40)}; must be a list`)
  if (isTexts(list)) return list
  return list.map((step: unknown) => (Array.isArray(step) ? step.map(numberOf) : numberOf(step)))
}

export function classifiedExamples(table: Table, columns: TaskColumns): ClassifiedExample[] {
  const { label = 'label', sequence } = columns
  const labels = table.tokens(label)
  return groupsOf(table, columns).map(({ name, input, from, to }) => {
    const other = labels.slice(from, to).find((one) => one !== labels[from])
    if (other !== undefined) {
      throw new Error(`${table.source}: ${sequence} '${name}' has the labels '${labels[from]}' and '${other}'; must have one`)
    }
    return { input, label: labels[from] }
  })
}

export function taggedExamples(table: Table, columns: TaskColumns): TaggedExample[] {
  const { label = 'label', sequence } = columns
  if (sequence !== undefined) {
    const labels = table.tokens(label)
    return groupsOf(table, columns).map(({ input, from, to }) => ({ input, labels: labels.slice(from, to) }))
  }
  const labels = table.values(label)
  return groupsOf(table, columns).map(({ input }, i) => {
    const { value, row } = labels[i]
    if (isTexts(value)) return { input, labels: value }
    throw new Error(
      `${table.source}: row ${count(row)}, column '${label}' is no list of texts, one for each step; where each row is a step, name the column that tells sequences apart as sequence`,
    )
  })
}

export function transducedExamples(table: Table, columns: TaskColumns): TransducedExample[] {
  const { output = 'output' } = columns
  const outputs = table.values(output)
  return groupsOf(table, columns).map(({ input }, i) => {
    const { value, row } = outputs[i]
    if ((typeof value === 'string' && value !== '') || (isTexts(value) && value.length > 0)) return { input, output: value }
    throw new Error(`${table.source}: row ${count(row)}, column '${output}' is empty, or no text and no list of texts`)
  })
}
