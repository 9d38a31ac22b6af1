/** What outlives the page: the kept run, the model as a file, a link. */
import { openModel, saveModel } from '../actions/keeping.js'
import { h, setText } from '../dom.js'
import { linkHere } from '../link.js'
import { whole } from '../numbers.js'
import { store } from '../state.js'
import { gistLine, panel } from './panel.js'

export function keepPanel(): HTMLElement {
  const kept = h('p', { class: 'soft', id: 'kept' })
  const save = h('button', { onclick: () => void saveModel() }, 'Save the model')
  const file: HTMLInputElement = h('input', {
    type: 'file',
    id: 'model-file',
    class: 'hidden-file',
    tabindex: -1,
    'aria-label': 'A model to open',
    accept: '.safetensors,.json,application/json',
    onchange: () => {
      if (file.files?.[0]) void openModel(file.files[0])
      file.value = ''
    },
  })
  const address: HTMLInputElement = h('input', {
    type: 'text',
    readonly: true,
    'aria-label': 'The link',
    hidden: true,
    onfocus: () => address.select(),
  })
  const said = h('span', { class: 'soft', role: 'status' })
  const link = async (): Promise<void> => {
    const here = linkHere()
    history.replaceState(null, '', here)
    address.value = here
    address.hidden = false
    try {
      await navigator.clipboard.writeText(here)
      setText(said, 'Copied. It carries the choices, not the text.')
    } catch {
      setText(said, 'It carries the choices, not the text.')
    }
  }
  const gist = gistLine()
  store.watch(['keptStep', 'run'], ({ keptStep, run }) => {
    save.disabled = !run
    setText(gist, keptStep ? `kept at step ${whole(keptStep)}` : '')
    setText(
      kept,
      keptStep
        ? `Kept in this browser at step ${whole(keptStep)}: a reload goes on from there.`
        : 'The run is kept in this browser as it goes, and nowhere else.',
    )
  })
  return panel(
    'Keep',
    gist,
    kept,
    h(
      'div',
      { class: 'controls' },
      save,
      h('button', { onclick: () => file.click() }, 'Open a model'),
      file,
      h('button', { onclick: () => void link() }, 'Link to these choices'),
    ),
    address,
    said,
    h('p', { class: 'soft' }, 'A model is a .safetensors file of Unrolled, or the JSON that RecurrentJS’s page saves.'),
  )
}
