/** A slider whose ends are far apart: each step multiplies. It shows its value, and says it to a screen reader. */
import { h, setText } from '../dom.js'
import { short } from '../numbers.js'

interface SliderOptions {
  readonly label: string
  readonly least: number
  readonly most: number
  readonly change: (value: number) => void
}

const stops = 200

export function logarithmicSlider({ label, least, most, change }: SliderOptions): {
  element: HTMLElement
  show(value: number): void
} {
  const factor = Math.log(most / least)
  // The slider itself says its value: another element that does would be read twice.
  const output = h('b', { class: 'value', 'aria-hidden': 'true' })
  const input: HTMLInputElement = h('input', {
    type: 'range',
    min: 0,
    max: stops,
    step: 1,
    'aria-label': label,
    oninput: () => {
      // Three digits: the same number in every browser, whatever its last bits of exp.
      const value = Number((least * Math.exp((factor * Number(input.value)) / stops)).toPrecision(3))
      say(value)
      change(value)
    },
  })
  const say = (value: number): void => {
    setText(output, short(value))
    input.setAttribute('aria-valuetext', short(value))
  }
  const element = h('label', { class: 'slider' }, h('span', {}, label), output, input)
  return {
    element,
    show(value) {
      say(value)
      const stop = String(Math.round((stops * Math.log(value / least)) / factor))
      if (input.value !== stop) input.value = stop
    },
  }
}
