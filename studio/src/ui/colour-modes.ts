/** What the passage is coloured by: surprisal, or a unit. */
import { selectUnit } from '../actions/microscope.js'
import { h } from '../dom.js'
import { store, type State } from '../state.js'

export function colourModes(): HTMLElement {
  // Where somebody comes back to after a look at surprisal.
  let last: NonNullable<State['unit']> = { layer: 0, unit: 0 }
  const radio = (onchange: () => void): HTMLInputElement => h('input', { type: 'radio', name: 'mode', onchange })
  const bySurprisal = radio(() => selectUnit(undefined))
  const byUnit = radio(() => selectUnit(last))
  const number = (name: 'layer' | 'unit'): HTMLInputElement => {
    const input: HTMLInputElement = h('input', {
      type: 'number',
      id: name,
      min: 1,
      step: 1,
      oninput: () => input.value !== '' && input.checkValidity() && selectUnit({ ...last, [name]: Number(input.value) - 1 }),
    })
    return input
  }
  const layer = number('layer')
  const unit = number('unit')
  const which = h(
    'span',
    { class: 'which' },
    h('label', {}, h('span', {}, 'Layer'), layer),
    h('label', {}, h('span', {}, 'Unit'), unit),
  )
  store.watch(['unit', 'run'], ({ unit: chosen, run }) => {
    const isThere = last.unit < (run?.layers[last.layer] ?? 0)
    last = chosen ?? (isThere ? last : { layer: 0, unit: 0 })
    bySurprisal.checked = !chosen
    byUnit.checked = chosen !== undefined
    which.hidden = !chosen
    layer.max = String(run?.layers.length ?? 1)
    unit.max = String(run?.layers[chosen?.layer ?? 0] ?? 1)
    if (document.activeElement !== layer) layer.value = String(last.layer + 1)
    if (document.activeElement !== unit) unit.value = String(last.unit + 1)
  })
  return h(
    'fieldset',
    { class: 'modes' },
    h('legend', { class: 'unseen' }, 'Colour by'),
    h('label', { class: 'check' }, bySurprisal, 'Surprisal'),
    h('label', { class: 'check' }, byUnit, 'A unit'),
    which,
  )
}
