/** How the next token is drawn, and what it writes on from. */
import { live } from '../actions/choices.js'
import { h } from '../dom.js'
import { liveRanges, type Live } from '../settings.js'
import { store } from '../state.js'
import { logarithmicSlider } from './slider.js'

/** @param write what it writes is wanted now */
export function samplingControls(write: () => void): HTMLElement {
  const change = (patch: Partial<Live>): void => {
    live(patch)
    // While it trains, what it writes is seen within a second anyway.
    if (store.state.run && store.state.status !== 'running') write()
  }
  const prompt: HTMLInputElement = h('input', {
    type: 'text',
    id: 'prompt',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'how it begins',
    oninput: () => {
      live({ prompt: prompt.value })
      // At once: whether it can be read has to be said while it is typed.
      if (store.state.run) write()
    },
  })
  const temperature = logarithmicSlider({
    label: 'Temperature',
    ...liveRanges.temperature,
    change: (value) => change({ temperature: value }),
  })
  const number = (label: string, attributes: Record<string, number>, take: (value: number) => void) => {
    const input: HTMLInputElement = h('input', {
      type: 'number',
      ...attributes,
      onchange: () => input.checkValidity() && take(Number(input.value)),
    })
    return { input, element: h('label', {}, h('span', {}, label), input) }
  }
  const topK = number('Top-k (0: all)', { min: 0, max: 100000, step: 1 }, (value) => change({ topK: value }))
  const topP = number('Top-p', { min: 0.01, max: 1, step: 0.01 }, (value) => change({ topP: value }))
  const again = h('button', { onclick: write }, 'Write again')
  store.watch(['run'], ({ run }) => void (again.disabled = !run))
  store.watch(['live'], ({ live: now }) => {
    temperature.show(now.temperature)
    const show = (input: HTMLInputElement, value: string): void => {
      if (document.activeElement !== input) input.value = value
    }
    show(topK.input, String(now.topK))
    show(topP.input, String(now.topP))
    show(prompt, now.prompt)
  })
  return h(
    'div',
    { class: 'controls' },
    h('label', { class: 'prompt' }, h('span', {}, 'Prompt'), prompt),
    again,
    temperature.element,
    topK.element,
    topP.element,
  )
}
