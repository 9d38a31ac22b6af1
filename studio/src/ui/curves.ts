/** Training and held-out loss over steps or time, with earlier runs behind them. */
import type uPlot from 'uplot'
import { colour } from '../colours.js'
import { curveTable, type CurveTable } from '../curve-table.js'
import { h } from '../dom.js'
import { store, type ChartView, type State } from '../state.js'
import { curveControls } from './curve-controls.js'
import { curveFiles } from './curve-files.js'
import { axisLook, ChartPlace } from './chart.js'

const height = 280

/** Drawing may take so much of the time: a curve of many steps moves less often. */
const share = 0.2

export function curvesPanel(): HTMLElement {
  const draw = ({ points, held, ghosts, chart }: State): void => {
    if (points.length === 0 && ghosts.length === 0 && !place.canvas) return
    const table = curveTable({ points, held, ghosts, ...chart })
    const shape = `${chart.axis} ${chart.logarithmic} ${table.series.map(({ label }) => label).join()}`
    place.show(table.data as uPlot.AlignedData, shape, () => options(chart, table.series))
  }
  const empty = 'The loss of every step is drawn here. The lower, the better it predicts.'
  const place = new ChartPlace('Training and held-out loss', height, empty, () => draw(store.state))
  let timer: ReturnType<typeof setTimeout> | undefined
  let due = 0
  // In the next frame, unless it has been drawn a moment ago.
  const drawSoon = (): void => {
    timer ??= setTimeout(
      () => {
        timer = undefined
        const start = performance.now()
        draw(store.state)
        due = start + (performance.now() - start) / share
      },
      Math.max(0, due - performance.now()),
    )
  }
  store.watch(['points', 'held', 'ghosts', 'chart', 'run'], drawSoon)
  return h(
    'section',
    { class: 'curves', 'aria-labelledby': 'curves-title' },
    h(
      'div',
      { class: 'title' },
      h('h2', { id: 'curves-title' }, 'Loss'),
      curveFiles(() => place.canvas),
    ),
    curveControls(),
    place.element,
  )
}

function options(view: ChartView, series: CurveTable['series']): Omit<uPlot.Options, 'width'> {
  const look = {
    training: { stroke: colour('--first'), width: 1.5 },
    held: { stroke: colour('--second'), width: 2, points: { show: false } },
    ghost: { stroke: colour('--rule-strong'), width: 1.25, dash: [4, 4], points: { show: false } },
  }
  return {
    height,
    scales: { x: { time: false }, y: view.logarithmic ? { distr: 3 } : {} },
    axes: [axisLook(view.axis === 'step' ? 'step' : 'seconds of training'), axisLook('nats per token', 52)],
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
