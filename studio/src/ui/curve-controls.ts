/** How the curves are drawn, and what becomes of them. */
import { forgetGhosts, view } from '../actions.js'
import { colour } from '../colours.js'
import { curvesCsv } from '../curve-table.js'
import { h, setText } from '../dom.js'
import { download } from '../download.js'
import { store, type ChartView } from '../state.js'

/** @param canvas what is saved as a picture */
export function curveControls(canvas: () => HTMLCanvasElement | undefined): HTMLElement {
  const axis: HTMLSelectElement = h(
    'select',
    { id: 'axis', onchange: () => view({ axis: axis.value as ChartView['axis'] }) },
    h('option', { value: 'step' }, 'steps'),
    h('option', { value: 'seconds' }, 'time'),
  )
  const smoothing: HTMLInputElement = h('input', {
    type: 'range',
    id: 'smoothing',
    min: 0,
    max: 0.99,
    step: 0.01,
    oninput: () => view({ smoothing: Number(smoothing.value) }),
  })
  const amount = h('b', { class: 'value', 'aria-hidden': 'true' })
  const logarithmic: HTMLInputElement = h('input', {
    type: 'checkbox',
    onchange: () => view({ logarithmic: logarithmic.checked }),
  })
  const forget = h('button', { onclick: () => forgetGhosts() }, 'Forget earlier runs')
  store.watch(['chart', 'ghosts'], ({ chart, ghosts }) => {
    axis.value = chart.axis
    smoothing.value = String(chart.smoothing)
    setText(amount, chart.smoothing.toFixed(2))
    logarithmic.checked = chart.logarithmic
    forget.hidden = ghosts.length === 0
  })
  return h(
    'div',
    { class: 'controls curve-controls' },
    h('label', {}, h('span', {}, 'Over'), axis),
    h('label', { class: 'slider' }, h('span', {}, 'Smoothing'), amount, smoothing),
    h('label', { class: 'check' }, logarithmic, 'Log axis'),
    h('button', { onclick: () => savePicture(canvas()) }, 'PNG'),
    h('button', { onclick: () => download('loss.csv', new Blob([curvesCsv(store.state)], { type: 'text/csv' })) }, 'CSV'),
    forget,
  )
}

function savePicture(canvas: HTMLCanvasElement | undefined): void {
  if (!canvas) return
  // The chart itself has no ground; a picture of it needs one.
  const picture = h('canvas', { width: canvas.width, height: canvas.height })
  const context = picture.getContext('2d')!
  context.fillStyle = colour('--paper')
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(canvas, 0, 0)
  picture.toBlob((blob) => blob && download('loss.png', blob))
}
