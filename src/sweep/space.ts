/** What a sweep varies: lists of values, and ranges. */
import type { Random } from '../nn/random.js'
import { readSetting, trainSettings, type Setting, type SettingName } from '../node/settings.js'

export type OptionValue = string | number | boolean

/** A range of numbers, both ends among them. */
export interface Range {
  readonly from: number
  readonly to: number
  /** `log`: each factor is as likely as any other; for a learning rate. Default `linear`. */
  readonly scale: 'linear' | 'log'
  /** Whole numbers only. Default false. */
  readonly integer: boolean
  /** In a grid: how many values, evenly, the ends among them. */
  readonly points?: number
}

export type Dimension = readonly OptionValue[] | Range
export type Space = Readonly<Partial<Record<SettingName, Dimension>>>
export type Choice = Readonly<Partial<Record<SettingName, OptionValue>>>

const isList = (dimension: Dimension): dimension is readonly OptionValue[] => Array.isArray(dimension)

/**
 * A dimension, as JSON has it. Throws a sentence that does not name it.
 *
 * @param setting whose values they are to be
 * @param isGrid whether a range needs its number of points, or may have none
 */
export function readDimension(name: SettingName, value: unknown, isGrid: boolean): Dimension {
  const setting: Setting = trainSettings[name]
  if (Array.isArray(value)) return readList(setting, value)
  if (typeof value !== 'object' || value === null) {
    throw new Error(`is ${JSON.stringify(value)}; must be a list of values, or a range such as { "from": 0.001, "to": 0.01 }`)
  }
  return readRange(setting, value as Record<string, unknown>, isGrid)
}

function readList(setting: Setting, list: readonly unknown[]): readonly OptionValue[] {
  if (list.length === 0) throw new Error('is an empty list; must have a value')
  const values = list.map((value) => readSetting(setting, value))
  const twice = values.find((value, i) => values.indexOf(value) < i)
  if (twice !== undefined) throw new Error(`has ${JSON.stringify(twice)} twice`)
  return values
}

function readRange(setting: Setting, value: Record<string, unknown>, isGrid: boolean): Range {
  const { from, to, scale = 'linear', integer = false, points, ...others } = value
  for (const name of Object.keys(others)) throw new Error(`has '${name}'; a range has from, to, scale, integer and points`)
  for (const [name, end] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (typeof end !== 'number' || !Number.isFinite(end)) throw new Error(`${name} is ${JSON.stringify(end)}; must be a number`)
  }
  const [low, high] = [from as number, to as number]
  if (!(low < high)) throw new Error(`goes from ${low} to ${high}; from must be less than to`)
  if (scale !== 'linear' && scale !== 'log') throw new Error(`scale is ${JSON.stringify(scale)}; must be "linear" or "log"`)
  if (scale === 'log' && low <= 0) throw new Error(`goes from ${low} with scale "log"; from must be above 0`)
  if (typeof integer !== 'boolean') throw new Error(`integer is ${JSON.stringify(integer)}; must be true or false`)
  if (integer && !(Number.isSafeInteger(low) && Number.isSafeInteger(high))) {
    throw new Error(`goes from ${low} to ${high} with integer; both must be whole numbers`)
  }
  if (!isGrid && points !== undefined) throw new Error('has points; only a grid does')
  if (isGrid && !(Number.isSafeInteger(points) && (points as number) >= 2)) {
    throw new Error(`points is ${JSON.stringify(points)}; a range in a grid must say how many values, 2 or more`)
  }
  const range: Range = { from: low, to: high, scale, integer, ...(isGrid ? { points: points as number } : {}) }
  // Ends may be whole numbers where what lies between them may not.
  for (const u of [0, 1, 0.3819]) {
    try {
      readSetting(setting, at(range, u))
    } catch (error) {
      const hint = !integer && /whole/.test((error as Error).message) ? ' Add "integer": true.' : ''
      throw new Error(`has the value ${(error as Error).message.replace(/^is /, '')}${hint}`)
    }
  }
  return range
}

/**
 * The value of a range at a share of the way along its scale. With + × ÷ √ only, so that a rate is the same on every engine; four digits,
 * so that it can be read.
 */
export function at({ from, to, scale, integer }: Range, u: number): number {
  const value = scale === 'linear' ? from + u * (to - from) : between(from, to, u)
  const exact = u === 0 ? from : u === 1 ? to : value
  return Math.min(to, Math.max(from, integer ? Math.round(exact) : Number(exact.toPrecision(4))))
}

/** from · (to / from)^u: the factor's square root is half the way, the root of that a quarter, and the bits of u say which to take. */
function between(from: number, to: number, u: number): number {
  let value = from
  let factor = to / from
  let rest = u
  for (let bit = 0; bit < 52; bit++) {
    factor = Math.sqrt(factor)
    rest *= 2
    if (rest >= 1) {
      value *= factor
      rest -= 1
    }
  }
  return value
}

/** How many combinations there are; Infinity where a range has more values than can be counted. */
export const sizeOf = (space: Space): number =>
  Object.values(space).reduce((size, dimension) => {
    if (isList(dimension)) return size * dimension.length
    return size * (dimension.integer ? dimension.to - dimension.from + 1 : Infinity)
  }, 1)

const entriesOf = (space: Space): [SettingName, Dimension][] => Object.entries(space) as [SettingName, Dimension][]

/** All combinations; the last option changes fastest. */
export function gridOf(space: Space): Choice[] {
  return entriesOf(space).reduce<Choice[]>(
    (choices, [name, dimension]) => {
      const values = isList(dimension) ? dimension : pointsOf(dimension)
      return choices.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value })))
    },
    [{}],
  )
}

/** Where whole numbers lie close, there are fewer. */
const pointsOf = (range: Range): number[] => [
  ...new Set(Array.from({ length: range.points! }, (_, i) => at(range, i / (range.points! - 1)))),
]

/** So many combinations, no two of them the same. There must be as many. */
export function drawnFrom(space: Space, count: number, random: Random): Choice[] {
  const drawn = new Map<string, Choice>()
  while (drawn.size < count) {
    const choice: Choice = Object.fromEntries(entriesOf(space).map(([name, dimension]) => [name, draw(dimension, random)]))
    const key = JSON.stringify(choice)
    if (!drawn.has(key)) drawn.set(key, choice)
  }
  return [...drawn.values()]
}

function draw(dimension: Dimension, random: Random): OptionValue {
  const u = random.uniform()
  if (isList(dimension)) return dimension[Math.floor(u * dimension.length)]
  const { from, to, scale, integer } = dimension
  // Rounded, the ends would be half as likely as the others.
  return integer && scale === 'linear' ? from + Math.floor(u * (to - from + 1)) : at(dimension, u)
}
