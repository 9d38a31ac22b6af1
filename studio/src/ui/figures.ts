/** Where the training stands, in figures. */
import { h, setText } from '../dom.js'
import { duration, short, whole } from '../numbers.js'
import type { Point } from '../protocol.js'
import { store, type State } from '../state.js'

/** The last steps, of which speed and clipping are told. */
const recent = 100

const figures: Readonly<Record<string, (state: State, last: Point | undefined) => string | undefined>> = {
  Step: (_, last) => last && whole(last.step),
  Epoch: (_, last) => last && last.epoch.toFixed(2),
  Loss: (state) => meanLoss(state)?.toFixed(3),
  'Held-out loss': ({ held }) => held.at(-1)?.nats.toFixed(3),
  Perplexity: ({ held }) => held.at(-1) && short(held.at(-1)!.perplexity),
  'Characters/s': (state) => speed(state)?.charactersPerSecond,
  'Time per step': (state) => speed(state)?.perStep,
  'Gradient norm': (_, last) => last && short(last.norm),
  Clipped: (state) => clipped(state),
  Time: (_, last) => last && duration(last.seconds),
}

const notes: Readonly<Record<string, string>> = {
  Loss: 'Mean over the last 20 steps, in nats a token',
  'Held-out loss': 'On text that it is never trained on, every 100 steps, in nats a token',
  Perplexity: 'Among how many equally likely tokens it might as well have chosen, on the held-out text',
  Clipped: `Share of the last ${recent} steps whose gradient was longer than the limit and was shortened`,
}

export function figuresPanel(): HTMLElement {
  const outputs = Object.keys(figures).map((name) => {
    const value = h('dd', {}, '–')
    return { name, value, pair: h('div', { title: notes[name] }, h('dt', {}, name), value) }
  })
  store.watch(['points', 'held', 'run'], (state) => {
    const last = state.points.at(-1)
    for (const { name, value } of outputs) setText(value, figures[name](state, last) ?? '–')
  })
  return h('dl', { class: 'figures', 'aria-label': 'Where the training stands' }, ...outputs.map(({ pair }) => pair))
}

function meanLoss({ points }: State): number | undefined {
  const last = points.slice(-20)
  return last.length > 0 ? last.reduce((sum, { loss }) => sum + loss, 0) / last.length : undefined
}

function speed({ points, run }: State): { charactersPerSecond: string; perStep: string } | undefined {
  const last = points.slice(-recent)
  if (!run || last.length < 2) return undefined
  const seconds = (last.at(-1)!.seconds - last[0].seconds) / (last.length - 1)
  return {
    charactersPerSecond: whole(run.charactersPerStep / seconds),
    perStep: `${short(seconds * 1000)} ms`,
  }
}

function clipped({ points, run }: State): string | undefined {
  const last = points.slice(-recent)
  if (!run || last.length === 0) return undefined
  return `${Math.round((100 * last.filter(({ norm }) => norm > run.settings.clipNorm).length) / last.length)} %`
}
