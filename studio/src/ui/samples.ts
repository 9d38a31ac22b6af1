/** What the network writes: greedily, and drawn; now, and at every mark of its past. */
import { live, showMark, write } from '../actions.js'
import { h, setText } from '../dom.js'
import { whole } from '../numbers.js'
import { liveRanges } from '../settings.js'
import { store } from '../state.js'
import { logarithmicSlider } from './slider.js'

export function samplesPanel(): HTMLElement {
  const greedy = h('p', { class: 'greedy', id: 'greedy' })
  const pane = h('div', { class: 'written', id: 'samples' })
  const prompt: HTMLInputElement = h('input', {
    type: 'text',
    id: 'prompt',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'Once upon',
    oninput: () => {
      live({ prompt: prompt.value })
      if (store.state.run) void write()
    },
  })
  const trouble = h('p', { class: 'wrong', role: 'alert' })
  const temperature = logarithmicSlider({
    label: 'Temperature',
    ...liveRanges.temperature,
    change: (value) => refresh({ temperature: value }),
  })
  const number = (label: string, attributes: Record<string, number>, change: (value: number) => void) => {
    const input: HTMLInputElement = h('input', {
      type: 'number',
      ...attributes,
      onchange: () => input.checkValidity() && change(Number(input.value)),
    })
    return { input, element: h('label', {}, h('span', {}, label), input) }
  }
  const topK = number('Top-k (0: all)', { min: 0, max: 100000, step: 1 }, (value) => refresh({ topK: value }))
  const topP = number('Top-p', { min: 0.01, max: 1, step: 0.01 }, (value) => refresh({ topP: value }))
  const refresh = (patch: Parameters<typeof live>[0]): void => {
    live(patch)
    if (store.state.run && store.state.status !== 'running') void write()
  }
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
  const when = h('b', { class: 'when', 'aria-hidden': 'true' })
  store.watch(['live'], ({ live: now }) => {
    temperature.show(now.temperature)
    if (document.activeElement !== topK.input) topK.input.value = String(now.topK)
    if (document.activeElement !== topP.input) topP.input.value = String(now.topP)
    if (document.activeElement !== prompt) prompt.value = now.prompt
  })
  store.watch(['written', 'marks', 'shownMark', 'live'], ({ written, marks, shownMark, live: now }) => {
    slider.max = String(marks.length)
    slider.disabled = marks.length === 0
    slider.value = String(shownMark ?? marks.length)
    const shown = shownMark === undefined ? written : marks[shownMark]
    const label = !shown ? '' : shownMark === undefined ? `now, step ${whole(shown.step)}` : `step ${whole(shown.step)}`
    setText(when, label)
    slider.setAttribute('aria-valuetext', label)
    setText(greedy, shown ? shown.greedy : 'Nothing yet: press Train.')
    if (!shown) return pane.replaceChildren()
    shown.samples.forEach((text, i) => {
      const line = (pane.children[i] ?? pane.appendChild(h('pre'))) as HTMLElement
      setText(line, text)
    })
    while (pane.children.length > shown.samples.length) pane.lastChild!.remove()
    pane.dataset.prompt = now.prompt
  })
  store.watch(['promptTrouble'], ({ promptTrouble }) => setText(trouble, promptTrouble ?? ''))
  return h(
    'section',
    { class: 'samples', 'aria-labelledby': 'samples-title' },
    h('h2', { id: 'samples-title' }, 'What it writes'),
    h('div', { class: 'timeline' }, slider, when),
    h('h3', {}, 'The likeliest, letter by letter'),
    greedy,
    h('h3', {}, 'Drawn'),
    h(
      'div',
      { class: 'controls' },
      h('label', { class: 'wide' }, h('span', {}, 'It goes on from'), prompt),
      temperature.element,
      topK.element,
      topP.element,
      h('button', { onclick: () => void write() }, 'Write again'),
    ),
    trouble,
    pane,
  )
}
