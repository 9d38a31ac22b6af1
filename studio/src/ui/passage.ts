/** A passage, a place for each token, coloured; with a cursor that mouse and arrow keys move. */
import { h } from '../dom.js'

export interface PassageView {
  readonly element: HTMLElement
  /** Shows tokens, each with its colour and what to say of it. */
  show(tokens: readonly string[], colour: (t: number) => string): void
}

export function passageView(label: string, first: number, move: (t: number) => void): PassageView {
  const element = h('div', { class: 'passage', role: 'group', tabindex: 0, 'aria-label': label })
  let places: HTMLElement[] = []
  let shown = ''
  let cursor = first
  const place = (t: number): void => {
    places[cursor]?.classList.remove('cursor')
    cursor = Math.max(0, Math.min(places.length - 1, t))
    places[cursor]?.classList.add('cursor')
    move(cursor)
  }
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -20,
    ArrowDown: 20,
    Home: -1e9,
    End: 1e9,
  }
  element.addEventListener('keydown', (event) => {
    const step = steps[event.key]
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    place(cursor + step)
    places[cursor]?.scrollIntoView({ block: 'nearest' })
  })
  const point = ({ target }: Event): void => {
    const t = (target as HTMLElement).dataset?.t
    if (t !== undefined) place(Number(t))
  }
  element.addEventListener('pointerover', point)
  element.addEventListener('click', point)
  return {
    element,
    show(tokens, colour) {
      const text = tokens.join('\u0000')
      if (text !== shown) {
        shown = text
        places = tokens.map((token, t) => h('span', { 'data-t': t }, visible(token)))
        element.replaceChildren(...places)
        cursor = Math.min(first, places.length - 1)
        places[cursor]?.classList.add('cursor')
      }
      places.forEach((span, t) => {
        const background = colour(t)
        if (span.dataset.colour === background) return
        span.dataset.colour = background
        span.style.backgroundColor = background
      })
    },
  }
}

/** White space is seen where a line breaks. */
const visible = (token: string): string => token.replaceAll('\n', '↵\n')
