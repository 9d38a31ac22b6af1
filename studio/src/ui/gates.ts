/** The gates of a unit over a passage. */
import type uPlot from 'uplot'
import { colour } from '../colours.js'
import { h, setText } from '../dom.js'
import type { Look } from '../protocol.js'
import { store, type State } from '../state.js'
import { axisLook, ChartPlace } from './chart.js'
import { spelt } from './spelt.js'

const height = 240

/** A token on the axis, in pixels: as many are seen at once as have room. */
const tokenWidth = 9
const besides = 130

const lines: Readonly<Record<string, { readonly label: string; readonly stroke: string }>> = {
  input: { label: 'input gate', stroke: '--third' },
  forget: { label: 'forget gate', stroke: '--first' },
  output: { label: 'output gate', stroke: '--second' },
  update: { label: 'update gate', stroke: '--first' },
  reset: { label: 'reset gate', stroke: '--second' },
  c: { label: 'cell state', stroke: '--soft' },
}

export function gatesPanel(): HTMLElement {
  const place = new ChartPlace('Gates of the chosen unit over the passage', height, 'The gates of a unit are drawn here.', () =>
    draw(store.state),
  )
  const which = h('p', { class: 'soft', id: 'gates-which' })
  const draw = ({ look, unit, lookedAt }: State): void => {
    const names = Object.keys(look?.gates ?? {})
    place.element.hidden = look !== undefined && names.length === 0
    if (!look)
      return setText(which, 'A gate decides what a unit takes in, forgets and gives out. It is closed at 0 and open at 1.')
    if (names.length === 0) return setText(which, 'A plain RNN has no gates. Choose a GRU or an LSTM to see some.')
    const span = Math.max(20, Math.floor((place.element.clientWidth - besides) / tokenWidth))
    const from = Math.max(0, Math.min(Math.floor(lookedAt / span) * span, look.tokens.length - span))
    const to = Math.min(look.tokens.length, from + span)
    const { layer, unit: index } = unit ?? { layer: 0, unit: 0 }
    setText(
      which,
      `Layer ${layer + 1}, unit ${index + 1}, around the token under the cursor. A gate is closed at 0 and open at 1.`,
    )
    const places = Array.from({ length: to - from }, (_, i) => from + i)
    const columns = names.map((name) => {
      const stack = look.gates[name]
      const units = stack.length / look.tokens.length
      return places.map((t) => stack[t * units + index])
    })
    place.show([places, ...columns] as uPlot.AlignedData, names.join(), () => options(names))
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

function options(names: readonly string[]): Omit<uPlot.Options, 'width'> {
  return {
    height,
    scales: { x: { time: false }, y: { range: [0, 1] } },
    axes: [
      passageAxis(),
      axisLook('open', 52),
      { ...axisLook('cell state', 52), scale: 'c', side: 1, grid: { show: false }, show: names.includes('c') },
    ],
    series: [
      { label: 'after', value: (_, t: number | null) => (t === null ? '–' : tokenAt(store.state.look, t)) },
      ...names.map((name) => ({
        label: lines[name].label,
        scale: name === 'c' ? 'c' : 'y',
        stroke: colour(lines[name].stroke),
        width: name === 'c' ? 1 : 1.75,
        points: { show: false },
        dash: name === 'c' ? [4, 3] : undefined,
        value: (_: uPlot, value: number | null) => (value === null ? '–' : value.toFixed(2)),
      })),
    ],
  }
}

const tokenAt = (look: Look | undefined, t: number): string => spelt(look?.tokens[t] ?? '')

/** The tokens themselves; of longer ones, such as words, as many as have room. */
function passageAxis(): uPlot.Axis {
  return {
    ...axisLook('the passage'),
    splits: (_, __, least, most) => {
      const first = Math.ceil(least)
      return Array.from({ length: Math.floor(most) - first + 1 }, (_value, i) => first + i)
    },
    values: (self, splits) => {
      const texts = splits.map((t) => tokenAt(store.state.look, t))
      const longest = texts.reduce((most, { length }) => Math.max(most, length), 1)
      const room = self.bbox.width / devicePixelRatio / splits.length
      const every = Math.max(1, Math.ceil((longest * 7) / room))
      return texts.map((text, i) => (i % every === 0 ? text : ''))
    },
    grid: { show: false },
    font: '11px ui-monospace, monospace',
  }
}
