/** How the curves are drawn. */
import { forgetGhosts, view } from '../actions/curves.js'
import { h, setText } from '../dom.js'
import { store, type ChartView } from '../state.js'

export function curveControls(): HTMLElement {
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
    forget,
  )
}
