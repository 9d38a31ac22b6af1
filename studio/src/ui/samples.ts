/** What the network writes: greedily, and drawn by chance; now, and at every mark of its past. */
import { showMark, write } from '../actions/samples.js'
import { h, setText } from '../dom.js'
import { short, whole } from '../numbers.js'
import type { Written } from '../protocol.js'
import { store } from '../state.js'
import { samplingControls } from './sampling-controls.js'

export function samplesPanel(): HTMLElement {
  const greedy = h('p', { class: 'greedy', id: 'greedy' })
  const drawn = h('h3')
  const pane = h('div', { class: 'written', id: 'samples' })
  const trouble = h('p', { class: 'wrong', role: 'alert' })
  store.watch(['written', 'marks', 'shownMark', 'live'], ({ written, marks, shownMark, live }) => {
    const shown = shownMark === undefined ? written : marks[shownMark]
    setText(drawn, `Drawn by chance, at temperature ${short(shown?.temperature ?? live.temperature)}`)
    if (!shown) {
      setText(greedy, 'Nothing yet. Press Train, and watch it learn to write.')
      return pane.replaceChildren()
    }
    setWritten(greedy, shown.prompt, shown.greedy)
    shown.samples.forEach((text, i) => {
      const label = `Sample ${i + 1}`
      const line = (pane.children[i] ??
        pane.appendChild(h('pre', { tabindex: 0, role: 'group', 'aria-label': label }))) as HTMLElement
      setWritten(line, shown.prompt, text)
    })
    while (pane.children.length > shown.samples.length) pane.lastChild!.remove()
  })
  store.watch(['promptTrouble'], ({ promptTrouble }) => setText(trouble, promptTrouble ?? ''))
  return h(
    'section',
    { class: 'samples', 'aria-labelledby': 'samples-title' },
    h('h2', { id: 'samples-title' }, 'What it writes'),
    timeline(),
    h('h3', {}, 'Greedy: always the likeliest next'),
    greedy,
    drawn,
    samplingControls(() => void write()),
    trouble,
    pane,
  )
}

/** What it was given, and how it went on. */
function setWritten(element: HTMLElement, prompt: string, text: string): void {
  if (element.textContent === prompt + text && element.querySelector('b')?.textContent === (prompt || undefined)) return
  element.replaceChildren(...(prompt ? [h('b', {}, prompt)] : []), text)
}

/** Goes back to what it wrote earlier. */
function timeline(): HTMLElement {
  const slider: HTMLInputElement = h('input', {
    type: 'range',
    min: 0,
    step: 1,
    'aria-label': 'What it wrote earlier',
    oninput: () => {
      const at = Number(slider.value)
      showMark(at >= store.state.marks.length ? undefined : at)
    },
  })
  const when = h('b', { class: 'value', 'aria-hidden': 'true' })
  store.watch(['written', 'marks', 'shownMark'], ({ written, marks, shownMark }) => {
    slider.max = String(marks.length)
    slider.disabled = marks.length === 0
    slider.value = String(shownMark ?? marks.length)
    const label = labelOf(written, marks, shownMark)
    setText(when, label)
    slider.setAttribute('aria-valuetext', label)
  })
  return h('label', { class: 'slider timeline' }, h('span', {}, 'Written at'), when, slider)
}

function labelOf(written: Written | undefined, marks: readonly Written[], shownMark: number | undefined): string {
  if (shownMark !== undefined) return `step ${whole(marks[shownMark].step)}`
  return written ? `now, step ${whole(written.step)}` : ''
}
