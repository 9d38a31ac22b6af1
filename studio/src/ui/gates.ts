/** The gates of a unit over a passage. */
import type uPlot from 'uplot'
import { colour } from '../colours.js'
import { h, setText } from '../dom.js'
import { store, type State } from '../state.js'
import { axisLook, ChartPlace } from './chart.js'

const height = 240
/** Tokens that are seen at once. */
const span = 80

const strokes: Readonly<Record<string, string>> = {
  input: '--third',
  forget: '--first',
  output: '--second',
  update: '--first',
  reset: '--second',
  c: '--soft',
}

const names: Readonly<Record<string, string>> = { c: 'cell state' }

export function gatesPanel(): HTMLElement {
  const place = new ChartPlace('Gates of the chosen unit over the passage', height, () => draw(store.state))
  const which = h('p', { class: 'soft', id: 'gates-which' })
  const draw = ({ look, unit, lookedAt }: State): void => {
    const gates = Object.entries(look?.gates ?? {})
    place.element.hidden = gates.length === 0
    if (!look) return setText(which, 'Train a GRU or an LSTM, and its gates are seen here.')
    if (gates.length === 0) return setText(which, 'A plain RNN has no gates. Choose a GRU or an LSTM to see some.')
    const { layer, unit: index } = unit ?? { layer: 0, unit: 0 }
    const from = Math.max(0, Math.min(Math.floor(lookedAt / span) * span, look.tokens.length - span))
    const to = Math.min(look.tokens.length, from + span)
    setText(
      which,
      `Layer ${layer + 1}, unit ${index + 1}, tokens ${from + 1} to ${to} of the passage. A gate is closed at 0 and open at 1.`,
    )
    const places = Array.from({ length: to - from }, (_, i) => from + i)
    const units = gates[0][1].length / look.tokens.length
    const data = [places, ...gates.map(([, stack]) => places.map((t) => stack[t * units + index]))] as uPlot.AlignedData
    const spelt = (t: number): string => store.state.look?.tokens[t]?.replace('\n', '↵').replace(' ', '␣') ?? ''
    place.show(data, `${gates.map(([name]) => name).join()}`, () => ({
      height,
      scales: { x: { time: false }, y: { range: [0, 1] } },
      axes: [
        {
          ...axisLook('the passage'),
          splits: (_, __, least, most) =>
            Array.from({ length: Math.floor(most) - Math.ceil(least) + 1 }, (_value, i) => Math.ceil(least) + i),
          values: (self, splits) => {
            const every = Math.max(1, Math.ceil((splits.length * 9) / Math.max(1, self.bbox.width / devicePixelRatio)))
            return splits.map((t, i) => (i % every === 0 ? spelt(t) : ''))
          },
          grid: { show: false },
          font: '11px ui-monospace, monospace',
        },
        axisLook('open', 52),
        { ...axisLook('cell state', 52), scale: 'c', side: 1, grid: { show: false }, show: gates.some(([name]) => name === 'c') },
      ],
      series: [
        { label: 'after', value: (_, t: number | null) => (t === null ? '–' : spelt(t)) },
        ...gates.map(([name]) => ({
          label: names[name] ?? name,
          scale: name === 'c' ? 'c' : 'y',
          stroke: colour(strokes[name]),
          width: name === 'c' ? 1 : 1.75,
          points: { show: false },
          dash: name === 'c' ? [4, 3] : undefined,
          value: (_: uPlot, value: number | null) => (value === null ? '–' : value.toFixed(2)),
        })),
      ],
    }))
  }
  store.watch(['look', 'unit', 'lookedAt'], draw)
  return h(
    'section',
    { class: 'gates', 'aria-labelledby': 'gates-title' },
    h('h2', { id: 'gates-title' }, 'Gates'),
    which,
    place.element,
  )
}
