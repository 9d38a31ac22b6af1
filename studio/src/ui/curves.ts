/** Training and held-out loss over steps or time, with earlier runs behind them. */
import uPlot from 'uplot'
import { h } from '../dom.js'
import { colour } from '../colours.js'
import { store, type ChartView, type State } from '../state.js'
import { curveTable } from '../curve-table.js'

export function curvesPanel(): HTMLElement {
  const place = h('div', { class: 'chart', role: 'img', 'aria-label': 'Training and held-out loss' })
  let chart: uPlot | undefined
  let drawn = ''
  const draw = ({ points, held, ghosts, chart: view }: State): void => {
    const table = curveTable({ points, held, ghosts, ...view })
    const shape = `${view.axis} ${view.logarithmic} ${table.series.map(({ label }) => label).join('|')} ${scheme()}`
    if (!chart || shape !== drawn) {
      chart?.destroy()
      chart = new uPlot(options(view, table.series, place.clientWidth), table.data as uPlot.AlignedData, place)
      drawn = shape
    } else chart.setData(table.data as uPlot.AlignedData)
  }
  store.watch(['points', 'held', 'ghosts', 'chart'], (state) => place.isConnected && draw(state))
  new ResizeObserver(() => {
    if (!chart) return draw(store.state)
    chart.setSize({ width: place.clientWidth, height })
  }).observe(place)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw(store.state))
  return h('section', { class: 'curves', 'aria-labelledby': 'curves-title' }, h('h2', { id: 'curves-title' }, 'Loss'), place)
}

const height = 280
const scheme = (): boolean => matchMedia('(prefers-color-scheme: dark)').matches

function options(
  view: ChartView,
  series: readonly { label: string; role: 'training' | 'held' | 'ghost' }[],
  width: number,
): uPlot.Options {
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { stroke: colour('--rule'), width: 1 },
  }
  const look = {
    training: { stroke: colour('--first'), width: 1.5 },
    held: { stroke: colour('--second'), width: 2, points: { show: false } },
    ghost: { stroke: colour('--rule-strong'), width: 1.25, dash: [4, 4] },
  }
  return {
    width,
    height,
    scales: { x: { time: false }, y: view.logarithmic ? { distr: 3 } : {} },
    axes: [
      {
        ...axis,
        label: view.axis === 'step' ? 'step' : 'seconds of training',
        labelSize: 18,
        labelFont: '12px system-ui',
        font: '12px system-ui',
      },
      { ...axis, label: 'nats a token', labelSize: 18, labelFont: '12px system-ui', font: '12px system-ui', size: 52 },
    ],
    series: [
      { label: view.axis === 'step' ? 'step' : 'seconds' },
      ...series.map(({ label, role }) => ({
        label,
        spanGaps: true,
        value: (_: uPlot, value: number | null) => (value === null ? '–' : value.toFixed(3)),
        ...look[role],
      })),
    ],
  }
}
