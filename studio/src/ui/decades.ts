/** A logarithmic axis with a line at each power of ten. */
import type uPlot from 'uplot'
import { axisLook } from './chart.js'

export function decades(label: string): uPlot.Axis {
  const axis = axisLook(label, 60)
  const lines = { filter }
  return {
    ...axis,
    ...lines,
    grid: { ...axis.grid, ...lines },
    ticks: { ...axis.ticks, ...lines },
    values: (_, splits) => splits.map(power),
  }
}

const isDecade = (value: number): boolean => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6
const filter: uPlot.Axis.Filter = (_, splits) => splits.map((value) => (isDecade(value) ? value : null))

function power(value: number | null): string {
  if (value === null) return ''
  const exponent = Math.round(Math.log10(value))
  return exponent === 0 ? '1' : `10${[...String(exponent)].map((digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join('')}`
}
