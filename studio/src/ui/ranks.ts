/** Units by how well they follow something that has a name. */
import { selectUnit } from '../actions/microscope.js'
import { h, setText } from '../dom.js'
import type { Look } from '../protocol.js'
import { store, type State } from '../state.js'

type Ranked = Look['ranked'][number]['units'][number]

export function ranks(): HTMLElement {
  const rows = h('div', { class: 'ranks', id: 'ranks' })
  // What somebody points at, or is at with the keyboard, must not become another unit under the hand.
  let shown: { readonly look: Look; readonly run: number | undefined } | undefined
  const isHeld = (): boolean => rows.matches(':hover') || rows.contains(document.activeElement)
  const show = ({ look: latest, unit, run }: State): void => {
    if (latest && !(shown && shown.run === run?.id && isHeld())) shown = { look: latest, run: run?.id }
    if (!shown) return
    const { look } = shown
    // Built once; then only texts change, so that a button keeps its focus while it is read again.
    while (rows.children.length < look.ranked.length) rows.append(h('div', { class: 'rank' }, h('span'), h('div')))
    look.ranked.forEach(({ name, units }, i) => {
      const [label, list] = rows.children[i].children as unknown as HTMLElement[]
      setText(label, name)
      showUnits(list, name, units, unit)
    })
  }
  store.watch(['look', 'unit'], show)
  rows.addEventListener('pointerleave', () => show(store.state))
  // Only then is the focus where it goes.
  rows.addEventListener('focusout', () => requestAnimationFrame(() => show(store.state)))
  return h(
    'div',
    {},
    h('h3', {}, 'Units that follow something'),
    h(
      'p',
      { class: 'soft' },
      'Layer · unit, and how well it follows: its correlation, from −1 to 1. Choose one to see it in the passage. They hold still while you point at them.',
    ),
    rows,
  )
}

function showUnits(list: HTMLElement, name: string, units: readonly Ranked[], chosen: State['unit']): void {
  if (units.length === 0) return list.replaceChildren('not in this text')
  if (list.firstElementChild === null) list.replaceChildren()
  while (list.children.length < units.length) list.append(h('button'))
  while (list.children.length > units.length) list.lastChild!.remove()
  units.forEach(({ layer, unit, correlation }, k) => {
    const button = list.children[k] as HTMLButtonElement
    const sign = correlation > 0 ? '+' : '−'
    setText(button, `${layer + 1}·${unit + 1}  ${sign}${Math.abs(correlation).toFixed(2)}`)
    button.setAttribute('aria-label', `layer ${layer + 1}, unit ${unit + 1}, correlation ${correlation.toFixed(2)} with ${name}`)
    button.setAttribute('aria-pressed', String(chosen?.layer === layer && chosen.unit === unit))
    // Told by the ground of the button too: what follows nothing looks like nothing.
    button.dataset.strength = String(Math.floor(Math.abs(correlation) * 5))
    button.onclick = () => selectUnit({ layer, unit })
  })
}
