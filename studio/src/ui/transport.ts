/** The buttons that start and stop, and what is going on, in a line. */
import { isOther } from '../actions/run.js'
import { oneStep, pause, restart, train } from '../actions/training.js'
import { textLabel } from '../corpora.js'
import { h, setText } from '../dom.js'
import { whole } from '../numbers.js'
import { store, type State } from '../state.js'

export function transport(): HTMLElement {
  const main = h('button', { class: 'primary', onclick: () => void (store.state.status === 'running' ? pause() : train()) })
  const step = h('button', { onclick: () => void oneStep() }, 'One step')
  const again = h('button', { onclick: () => void restart() }, 'Restart')
  const status = h('p', { role: 'status', class: 'status' })
  store.watch(['status', 'run', 'engine', 'stopped', 'runSource', 'source', 'settings', 'trouble'], (state) => {
    const { status: now, run, engine, trouble } = state
    setText(main, now === 'running' ? 'Pause' : now === 'starting' ? 'Starting …' : run ? 'Go on' : 'Train')
    main.disabled = now === 'starting' || trouble !== undefined
    step.disabled = now === 'starting' || trouble !== undefined
    again.disabled = now === 'starting' || !run
    again.classList.toggle('wanted', isOther(state))
    status.classList.toggle('wanted', isOther(state))
    setText(status, engine ? sentence(state) : 'The engine is starting.')
  })
  return h('div', { class: 'transport' }, main, step, again, status)
}

function sentence(state: State): string {
  const { status, run } = state
  if (isOther(state)) return 'Text or network have changed: Restart makes a new network of them.'
  if (!run) return 'Ready.'
  const what = `${whole(run.parameters)} parameters, ${textLabel(run.text)}`
  return status === 'running' ? `Training. ${what}.` : status === 'starting' ? 'Starting.' : `Paused. ${what}.`
}
