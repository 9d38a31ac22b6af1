/** A part of the setup, which can be closed; what is chosen in it is told then too. Closed at first where there is little room. */
import { h } from '../dom.js'

export function panel(title: string, gist: HTMLElement, ...children: readonly HTMLElement[]): HTMLElement {
  const open = !matchMedia('(max-width: 60rem)').matches
  return h('details', { class: 'panel', open }, h('summary', {}, h('h2', {}, title), gist), ...children)
}

export const gistLine = (): HTMLElement => h('span', { class: 'gist soft' })
