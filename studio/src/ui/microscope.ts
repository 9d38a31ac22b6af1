/** The microscope: a passage coloured by how surprising it is, or by what a unit does. */
import { look, lookAt, setPassage } from '../actions/microscope.js'
import { h, setText } from '../dom.js'
import type { Look, Passage } from '../protocol.js'
import { firstLook, store } from '../state.js'
import { candidates } from './candidates.js'
import { colourModes } from './colour-modes.js'
import { legend } from './legend.js'
import { fullBits, unitScale } from './scales.js'
import { passageView } from './passage.js'
import { ranks } from './ranks.js'
import { diverging, sequential } from './tint.js'
import { watchVisible } from './visible.js'

const origins: Readonly<Record<Passage['origin'], string>> = {
  'held out': 'From the part that is held out: it never trains on this.',
  'trained on': 'From the text that it trains on, since nothing is held out.',
  own: 'A passage of your own.',
}

export function microscopePanel(): HTMLElement {
  const view = passageView('The passage, token by token; arrow keys move', firstLook, lookAt)
  const origin = h('p', { class: 'soft', id: 'passage-origin' })
  // Nothing to choose from or to explain before something is seen.
  const above = h('div', {}, colourModes(), legend())
  const below = h('div', {}, origin, candidates(), ranks(), ownPassage())
  store.watch(['passage'], ({ passage }) => setText(origin, passage ? origins[passage.origin] : ''))
  store.watch(['look', 'unit'], ({ look: seen, unit }) => {
    above.hidden = below.hidden = !seen
    if (!seen) return view.show([], () => '')
    view.show(seen.tokens, unit ? unitColour(seen, unit) : (t) => sequential(seen.bits[t] / fullBits))
  })
  const section = h(
    'section',
    { class: 'microscope', 'aria-labelledby': 'microscope-title' },
    h('h2', { id: 'microscope-title' }, 'Microscope'),
    above,
    view.element,
    below,
  )
  watchVisible(section, look)
  return section
}

function unitColour(seen: Look, { layer, unit }: { layer: number; unit: number }): (t: number) => string {
  const stack = seen.activations[layer]
  const units = stack.length / seen.tokens.length
  const most = unitScale(seen, { layer, unit })
  return (t) => diverging(stack[t * units + unit] / most)
}

function ownPassage(): HTMLElement {
  const box: HTMLTextAreaElement = h('textarea', {
    id: 'passage',
    rows: 3,
    spellcheck: 'false',
    oninput: () => setPassage(box.value),
  })
  const trouble = h('p', { class: 'wrong', role: 'alert' })
  store.watch(['passage'], ({ passage }) => {
    if (passage && box.value !== passage.text) box.value = passage.text
  })
  store.watch(['lookTrouble'], ({ lookTrouble }) => setText(trouble, lookTrouble ?? ''))
  return h(
    'details',
    { class: 'more' },
    h('summary', {}, 'Read another passage'),
    h('label', {}, h('span', {}, 'A passage of your own'), box),
    trouble,
  )
}
