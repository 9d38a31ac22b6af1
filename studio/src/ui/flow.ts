/** Gradient through time: the picture that every course draws by hand. */
import type uPlot from 'uplot'
import { flow, setCompanion } from '../actions/flow.js'
import { colour } from '../colours.js'
import { h, setText } from '../dom.js'
import { whole } from '../numbers.js'
import { store, type State } from '../state.js'
import { axisLook, ChartPlace } from './chart.js'
import { decades } from './decades.js'
import { flowNumbers } from './flow-numbers.js'
import { watchVisible } from './visible.js'

const height = 260

/** Below this share nothing is left that could teach anything, and no line is drawn. */
const floor = 1e-8

export function flowPanel(): HTMLElement {
  const empty = 'How far back the gradient reaches is drawn here.'
  const place = new ChartPlace('The gradient of the last loss, by distance', height, empty, () => draw(store.state))
  const draw = ({ flow: curves }: State): void => {
    if (curves.length === 0) return
    const distances = Array.from(curves[0].norms, (_, d) => d)
    const shares = curves.map(({ norms }) => Array.from(norms, (norm) => (norm >= floor ? norm : null)))
    place.show([distances, ...shares] as uPlot.AlignedData, curves.map(({ cell }) => cell).join(), () => options(curves))
  }
  const summary = h('p', { class: 'soft', id: 'flow-summary' })
  store.watch(['flow'], draw)
  store.watch(['flow'], ({ flow: curves }) =>
    setText(summary, curves.map(({ cell, norms, step }) => `${cell}, step ${whole(step)}: ${reach(norms)}`).join(' ')),
  )
  const section = h(
    'section',
    { class: 'flow', 'aria-labelledby': 'flow-title' },
    h('h2', { id: 'flow-title' }, 'Gradient through time'),
    h(
      'p',
      { class: 'soft' },
      'How much of the gradient of a loss still arrives so many steps before it. Where nothing arrives, nothing is learned from there; where it grows, training explodes.',
    ),
    companionSwitch(),
    place.element,
    summary,
    flowNumbers(),
  )
  watchVisible(section, flow)
  return section
}

function options(curves: State['flow']): Omit<uPlot.Options, 'width'> {
  return {
    height,
    scales: { x: { time: false }, y: { distr: 3, range: (_, _least, most) => [floor, Math.max(1, most)] } },
    axes: [axisLook('steps before the loss'), decades('share that arrives')],
    series: [
      { label: 'steps before' },
      ...curves.map(({ cell }, i) => ({
        label: cell,
        stroke: colour(i === 0 ? '--first' : '--second'),
        width: 2,
        points: { show: false },
        value: (_: uPlot, value: number | null) => (value === null ? '–' : value.toPrecision(2)),
      })),
    ],
  }
}

function companionSwitch(): HTMLElement {
  const companion: HTMLInputElement = h('input', {
    type: 'checkbox',
    id: 'companion',
    onchange: () => void setCompanion(companion.checked),
  })
  const what = h('span')
  store.watch(['companion', 'run', 'settings'], ({ companion: isOn, run, settings }) => {
    companion.checked = isOn
    companion.disabled = !run
    setText(what, (run?.settings ?? settings).cell.startsWith('rnn') ? 'Train an LSTM beside it' : 'Train a plain RNN beside it')
  })
  return h('label', { class: 'check' }, companion, what)
}

function reach(norms: Float32Array): string {
  const most = norms.reduce((a, b) => Math.max(a, b))
  if (most > 10) return `it explodes, to ${most.toPrecision(2)} times as much.`
  const at = norms.findIndex((norm) => norm < 0.01)
  return at < 0 ? `more than 1 % arrives ${norms.length - 1} steps back.` : `less than 1 % arrives ${at} steps back.`
}
