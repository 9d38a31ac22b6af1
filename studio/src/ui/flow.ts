/** Gradient through time: the picture that every course draws by hand. */
import type uPlot from 'uplot'
import { flow, setCompanion } from '../actions.js'
import { colour } from '../colours.js'
import { h, setText } from '../dom.js'
import { whole } from '../numbers.js'
import { store, type State } from '../state.js'
import { axisLook, ChartPlace } from './chart.js'
import { watchVisible } from './visible.js'

const height = 260
/** Below this, nothing is left that could teach anything. */
const floor = 1e-8

/** Distances of the table. */
const tabled = [1, 2, 4, 8, 16, 32, 63]

export function flowPanel(): HTMLElement {
  const place = new ChartPlace('The gradient of the last loss, by distance', height, () => draw(store.state))
  const summary = h('p', { class: 'soft', id: 'flow-summary' })
  const companion: HTMLInputElement = h('input', {
    type: 'checkbox',
    id: 'companion',
    onchange: () => void setCompanion(companion.checked),
  })
  const what = h('span')
  const draw = ({ flow: curves }: State): void => {
    if (curves.length === 0) return
    const distances = Array.from(curves[0].norms, (_, d) => d)
    const data = [
      distances,
      ...curves.map(({ norms }) => Array.from(norms, (norm) => Math.max(norm, floor))),
    ] as uPlot.AlignedData
    place.show(data, curves.map(({ cell }) => cell).join(), () => ({
      height,
      scales: { x: { time: false }, y: { distr: 3 } },
      axes: [axisLook('steps before the loss'), shares()],
      series: [
        { label: 'distance' },
        ...curves.map(({ cell }, i) => ({
          label: cell,
          stroke: colour(i === 0 ? '--first' : '--second'),
          width: 2,
          value: (_: uPlot, value: number | null) => (value === null ? '–' : value.toPrecision(2)),
        })),
      ],
    }))
  }
  const body = h('tbody')
  const head = h('tr')
  const numbers = h(
    'details',
    { class: 'own' },
    h('summary', {}, 'As numbers'),
    h('table', { id: 'flow-numbers' }, h('thead', {}, head), body),
  )
  store.watch(['flow'], ({ flow: curves }) => {
    head.replaceChildren(h('th', { scope: 'col' }, 'Steps back'), ...curves.map(({ cell }) => h('th', { scope: 'col' }, cell)))
    body.replaceChildren(
      ...tabled.map((d) =>
        h('tr', {}, h('th', { scope: 'row' }, String(d)), ...curves.map(({ norms }) => h('td', {}, norms[d].toPrecision(3)))),
      ),
    )
  })
  store.watch(['flow'], draw)
  store.watch(['flow'], ({ flow: curves }) =>
    setText(summary, curves.map(({ cell, norms, step }) => `${cell}, step ${whole(step)}: ${reach(norms)}`).join(' ')),
  )
  store.watch(['companion', 'run', 'settings'], ({ companion: isOn, run, settings }) => {
    companion.checked = isOn
    companion.disabled = !run
    setText(what, (run?.settings ?? settings).cell.startsWith('rnn') ? 'Train an LSTM beside it' : 'Train a plain RNN beside it')
  })
  const section = h(
    'section',
    { class: 'flow', 'aria-labelledby': 'flow-title' },
    h('h2', { id: 'flow-title' }, 'Gradient through time'),
    h(
      'p',
      { class: 'soft' },
      'How much of the loss at the last step still reaches the state so many steps before. Where it is gone, nothing is learned from there; where it grows, training explodes.',
    ),
    h('label', { class: 'check' }, companion, what),
    place.element,
    summary,
    numbers,
  )
  watchVisible(section, (isVisible) => flow(isVisible))
  return section
}

const isDecade = (value: number): boolean => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6
const decades: uPlot.Axis.Filter = (_, splits) => splits.map((value) => (isDecade(value) ? value : null))

function shares(): uPlot.Axis {
  const axis = axisLook('share of the gradient', 60)
  const lines = { filter: decades }
  return {
    ...axis,
    ...lines,
    grid: { ...axis.grid, ...lines },
    ticks: { ...axis.ticks, ...lines },
    values: (_, splits) => splits.map(power),
  }
}

function power(value: number | null): string {
  if (value === null) return ''
  const exponent = Math.round(Math.log10(value))
  return exponent === 0 ? '1' : `10${[...String(exponent)].map((digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join('')}`
}

function reach(norms: Float32Array): string {
  if (norms.some((norm) => norm > 10))
    return `it explodes, to ${norms.reduce((a, b) => Math.max(a, b)).toPrecision(2)} times as much.`
  const at = norms.findIndex((norm) => norm < 0.01)
  return at < 0 ? `more than 1 % arrives ${norms.length - 1} steps back.` : `less than 1 % arrives ${at} steps back.`
}
