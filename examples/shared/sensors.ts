/** Readings of sensors at several motes, as pieces to tag and as rows to judge one by one; half of the motes to train on, half to test. */
import type { Table, TaggedExample } from 'unrolled'
import { median } from './program.js'

export interface Readings {
  readonly motes: readonly string[]
  /** What is known of each reading: see `sensorNumbers`. */
  readonly rows: readonly (readonly number[])[]
  readonly labels: readonly string[]
  /** The same in pieces of so many readings. */
  readonly pieces: readonly TaggedExample[]
}

export const sensorNumbers = ['humidity', 'temperature', 'change of humidity', 'change of temperature'] as const

/**
 * Motes stand in different places: a reading says little beside its mote's median and the reading before it.
 *
 * @param table mote, humidity, temperature, label; the readings of a mote in their order
 * @param piece readings of a sequence
 */
export function sensors(table: Table, piece: number): { training: Readings; test: Readings } {
  const [motes, labels] = [table.tokens('mote'), table.tokens('label')]
  const [humidity, temperature] = [table.numbers('humidity').values, table.numbers('temperature').values]
  const names = [...new Set(motes)]
  const middles = new Map(
    names.map((mote) => {
      const middle = (values: Float64Array): number => median(Array.from(values).filter((_, i) => motes[i] === mote))
      return [mote, [middle(humidity), middle(temperature)]]
    }),
  )
  const rows = Array.from(motes, (mote, i) => {
    const before = motes[i - 1] === mote ? i - 1 : i
    const [h, t] = middles.get(mote)!
    return [humidity[i] - h, temperature[i] - t, humidity[i] - humidity[before], temperature[i] - temperature[before]]
  })
  const of = (chosen: readonly string[]): Readings => {
    const places = [...motes.keys()].filter((i) => chosen.includes(motes[i]))
    const pieces = chosen.flatMap((mote) => {
      const own = places.filter((i) => motes[i] === mote)
      return Array.from({ length: Math.ceil(own.length / piece) }, (_, k) => {
        const part = own.slice(k * piece, (k + 1) * piece)
        return { input: part.map((i) => rows[i]), labels: part.map((i) => labels[i]) }
      })
    })
    return { motes: chosen, rows: places.map((i) => rows[i]), labels: places.map((i) => labels[i]), pieces }
  }
  return { training: of(names.filter((_, i) => i % 2 === 0)), test: of(names.filter((_, i) => i % 2 === 1)) }
}
