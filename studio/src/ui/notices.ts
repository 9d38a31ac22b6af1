/** Sentences about what has gone wrong, or has to be known. */
import { h, setText } from '../dom.js'
import { store } from '../state.js'

export function notices(): HTMLElement {
  const line = (role: 'alert' | 'status', kind: string) => h('p', { class: `notice ${kind}`, role, hidden: true })
  const trouble = line('alert', 'bad')
  const stopped = line('alert', 'bad')
  const notice = line('status', 'plain')
  const engine = line('status', 'plain')
  const say = (element: HTMLElement, text: string | undefined): void => {
    element.hidden = !text
    setText(element, text ?? '')
  }
  store.watch(['trouble', 'stopped', 'notice', 'engine'], (state) => {
    say(trouble, state.trouble)
    say(stopped, state.stopped?.why)
    say(notice, state.notice)
    say(engine, state.engine?.note)
  })
  return h('div', { class: 'notices' }, trouble, stopped, notice, engine)
}
