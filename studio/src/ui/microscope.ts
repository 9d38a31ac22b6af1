/** The microscope: a passage coloured by how surprising it is, or by what a unit does. */
import { look, lookAt, selectUnit, setPassage } from '../actions.js'
import { h, setText } from '../dom.js'
import { short } from '../numbers.js'
import type { Look } from '../protocol.js'
import { firstLook, store, type State } from '../state.js'
import { passageView } from './passage.js'
import { diverging, sequential } from './tint.js'
import { watchVisible } from './visible.js'

/** A surprise of so many bits has the full colour. */
const fullBits = 8

export function microscopePanel(): HTMLElement {
  const view = passageView('The passage, token by token; arrow keys move', firstLook, (t) => lookAt(t))
  const box: HTMLTextAreaElement = h('textarea', {
    id: 'passage',
    rows: 3,
    spellcheck: 'false',
    oninput: () => setPassage(box.value),
  })
  const trouble = h('p', { class: 'wrong', role: 'alert' })
  const modes = h('fieldset', { class: 'modes' }, h('legend', { class: 'unseen' }, 'Colour by'))
  const radio = (label: string, isUnit: boolean): HTMLInputElement => {
    const input = h('input', {
      type: 'radio',
      name: 'mode',
      onchange: () => selectUnit(isUnit ? (lastUnit ?? { layer: 0, unit: 0 }) : undefined),
    })
    modes.append(h('label', { class: 'check' }, input, label))
    return input
  }
  const bySurprisal = radio('Surprisal', false)
  const byUnit = radio('A unit', true)
  let lastUnit: State['unit']
  const number = (label: string, name: 'layer' | 'unit'): HTMLInputElement => {
    const input: HTMLInputElement = h('input', {
      type: 'number',
      id: name,
      min: 1,
      step: 1,
      oninput: () =>
        input.checkValidity() &&
        input.value !== '' &&
        selectUnit({ ...(lastUnit ?? { layer: 0, unit: 0 }), [name]: Number(input.value) - 1 }),
    })
    modes.append(h('label', { class: 'small' }, h('span', {}, label), input))
    return input
  }
  const layer = number('Layer', 'layer')
  const unit = number('Unit', 'unit')
  const legend = h('p', { class: 'legend soft' })
  const details = h('div', { class: 'details', id: 'details' })
  // Says what is under the cursor when it moves, and nothing while the network learns.
  const spoken = h('p', { class: 'unseen', 'aria-live': 'polite' })
  const ranks = h('div', { class: 'ranks', id: 'ranks' })

  store.watch(['unit', 'run'], ({ unit: chosen, run }) => {
    lastUnit = chosen ?? lastUnit
    bySurprisal.checked = !chosen
    byUnit.checked = chosen !== undefined
    layer.max = String(run?.layers.length ?? 1)
    unit.max = String(run?.layers[chosen?.layer ?? 0] ?? 1)
    if (chosen && document.activeElement !== layer) layer.value = String(chosen.layer + 1)
    if (chosen && document.activeElement !== unit) unit.value = String(chosen.unit + 1)
  })
  store.watch(['passage'], ({ passage }) => {
    if (box.value !== passage) box.value = passage ?? ''
  })
  store.watch(['lookTrouble'], ({ lookTrouble }) => setText(trouble, lookTrouble ?? ''))
  store.watch(['look', 'unit'], ({ look: seen, unit: chosen }) => {
    if (!seen) return
    view.show(seen.tokens, chosen ? unitColour(seen, chosen) : (t) => sequential(seen.bits[t] / fullBits))
    setText(
      legend,
      chosen
        ? `Layer ${chosen.layer + 1}, unit ${chosen.unit + 1}: orange where it is above zero, blue where it is below.`
        : `The deeper the orange, the more it was surprised: full at ${fullBits} bits, a chance of 1 in ${2 ** fullBits}.`,
    )
    showRanks(ranks, seen, chosen)
  })
  store.watch(['look', 'unit', 'lookedAt'], ({ look: seen, unit: chosen, lookedAt }) => {
    if (seen && lookedAt < seen.tokens.length) showDetails(details, seen, lookedAt, chosen)
  })
  store.watch(['lookedAt'], ({ look: seen, lookedAt }) => {
    const best = seen?.candidates[lookedAt]?.[0]
    if (seen && best)
      setText(spoken, `${spelt(seen.tokens[lookedAt])}, ${seen.bits[lookedAt].toFixed(1)} bits; expected ${spelt(best.text)}`)
  })

  const section = h(
    'section',
    { class: 'microscope', 'aria-labelledby': 'microscope-title' },
    h('h2', { id: 'microscope-title' }, 'Microscope'),
    modes,
    legend,
    view.element,
    details,
    spoken,
    h('h3', {}, 'Units that follow something'),
    h('p', { class: 'soft' }, 'Layer · unit, and its correlation with it.'),
    ranks,
    h(
      'details',
      { class: 'own' },
      h('summary', {}, 'Read another passage'),
      h('label', {}, h('span', {}, 'A passage of your own'), box),
      trouble,
    ),
  )
  watchVisible(section, (isVisible) => look(isVisible))
  return section
}

function unitColour(look: Look, { layer, unit }: { layer: number; unit: number }): (t: number) => string {
  const stack = look.activations[layer]
  if (!stack) return () => ''
  const units = stack.length / look.tokens.length
  // A tanh unit stays within 1; others set their own scale.
  let most = 1
  for (let t = unit; t < stack.length; t += units) most = Math.max(most, Math.abs(stack[t]))
  return (t) => diverging(stack[t * units + unit] / most)
}

const spelt = (token: string): string => (token === '\n' ? '↵' : token === ' ' ? '␣' : token)

function showDetails(element: HTMLElement, look: Look, t: number, chosen: State['unit']): void {
  const bits = look.bits[t]
  const stack = chosen && look.activations[chosen.layer]
  const activation = stack && stack[(t * stack.length) / look.tokens.length + chosen.unit]
  element.replaceChildren(
    h(
      'p',
      {},
      h('b', {}, spelt(look.tokens[t])),
      Number.isNaN(bits) ? ' is the first: nothing stands before it.' : ` cost ${bits.toFixed(2)} bits.`,
      activation !== undefined && ` The unit is at ${(Math.round(activation * 100) / 100 + 0).toFixed(2)}.`,
    ),
    h(
      'ol',
      { 'aria-label': 'What the network expected here' },
      ...look.candidates[t].map(({ text, probability }) => {
        const bar = h('i')
        bar.style.width = `${Math.round(100 * probability)}%`
        return h(
          'li',
          { class: text === look.tokens[t] ? 'right' : undefined },
          h('code', {}, spelt(text)),
          h('span', { class: 'bar' }, bar),
          `${(100 * probability).toFixed(1)} %`,
        )
      }),
    ),
  )
}

function showRanks(element: HTMLElement, { ranked }: Look, chosen: State['unit']): void {
  // Built once; then only texts change, so that a button keeps its focus while it is read again.
  while (element.children.length < ranked.length) element.append(h('div', { class: 'rank' }, h('span'), h('div')))
  ranked.forEach(({ name, units }, i) => {
    const [label, list] = element.children[i].children as unknown as HTMLElement[]
    setText(label, name)
    if (list.children.length === 0) list.replaceChildren()
    while (list.children.length < units.length) list.append(h('button'))
    while (list.children.length > units.length) list.lastChild!.remove()
    if (units.length === 0) return setText(list, 'not in this text')
    units.forEach(({ layer, unit, correlation }, k) => {
      const button = list.children[k] as HTMLButtonElement
      setText(
        button,
        `${layer + 1}·${unit + 1}  ${correlation > 0 ? '+' : '−'}${short(Number(Math.abs(correlation).toFixed(2)))}`,
      )
      button.setAttribute(
        'aria-label',
        `layer ${layer + 1}, unit ${unit + 1}, correlation ${correlation.toFixed(2)} with ${name}`,
      )
      button.setAttribute('aria-pressed', String(chosen?.layer === layer && chosen.unit === unit))
      button.onclick = () => selectUnit({ layer, unit })
    })
  })
}
