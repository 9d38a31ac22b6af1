/** Sentences about what has gone wrong, or has to be known. */
import { goBack } from '../actions/training.js'
import { h, setText } from '../dom.js'
import { whole } from '../numbers.js'
import { store } from '../state.js'

export function notices(): HTMLElement {
  const line = (role: 'alert' | 'status', kind: string) => h('p', { class: `notice ${kind}`, role, hidden: true })
  const trouble = line('alert', 'bad')
  const stopped = line('alert', 'bad')
  const notice = line('status', 'plain')
  const back = h('button', { onclick: () => void goBack(), hidden: true })
  const unkept = line('status', 'plain')
  const engine = line('status', 'plain')
  const say = (element: HTMLElement, text: string | undefined): void => {
    element.hidden = !text
    setText(element, text ?? '')
  }
  store.watch(['trouble', 'stopped', 'notice', 'engine', 'unkept'], (state) => {
    say(trouble, state.trouble)
    say(stopped, state.stopped?.why)
    back.hidden = state.stopped?.backTo === undefined
    setText(back, `Go back to step ${whole(state.stopped?.backTo ?? 0)}`)
    say(unkept, state.unkept)
    say(notice, state.notice)
    say(engine, state.engine?.note)
  })
  return h('div', { class: 'notices' }, trouble, stopped, back, notice, unkept, engine)
}
