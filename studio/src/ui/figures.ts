/** Where the training stands, in figures. */
import { h, setText } from '../dom.js'
import { short, whole } from '../numbers.js'
import { store, type State } from '../state.js'

/** The last steps, of which speed and clipping are told. */
const recent = 100

/** The last steps, whose mean is the loss: single ones jump. */
const averaged = 20

interface Figure {
  readonly what: string
  readonly value: (state: State) => string | undefined
}

const figures: Readonly<Record<string, Figure>> = {
  Step: {
    what: 'How often the weights have been changed.',
    value: ({ points }) => (points.length > 0 ? whole(points.at(-1)!.step) : undefined),
  },
  Epoch: {
    what: 'How often the whole text has been read.',
    value: ({ points }) => points.at(-1)?.epoch.toFixed(2),
  },
  Loss: {
    what: `How surprised the network is by each token it trains on, in nats (1 nat is 1.44 bits). The mean of the last ${averaged} steps.`,
    value: (state) => meanLoss(state)?.toFixed(3),
  },
  'Held-out loss': {
    what: 'The same on text that it never trains on, every 100 steps. Where this rises while the loss falls, it learns by heart.',
    value: ({ held }) => held.at(-1)?.nats.toFixed(3),
  },
  Perplexity: {
    what: 'Among how many equally likely tokens it might as well choose, on the held-out text.',
    value: ({ held }) => (held.length > 0 ? short(held.at(-1)!.perplexity) : undefined),
  },
  'Characters/s': {
    what: `How much text it trains on in a second. The mean of the last ${recent} steps, as for the time of a step.`,
    value: (state) => {
      const seconds = stepSeconds(state)
      return seconds === undefined ? undefined : whole(state.run!.charactersPerStep / seconds)
    },
  },
  'Time a step': {
    what: 'How long a training step takes.',
    value: (state) => {
      const seconds = stepSeconds(state)
      return seconds === undefined ? undefined : `${short(seconds * 1000)} ms`
    },
  },
  'Gradient norm': {
    what: 'How long the gradient was at the last step: how steep the loss is.',
    value: ({ points }) => (points.length > 0 ? short(points.at(-1)!.norm) : undefined),
  },
  Clipped: {
    what: `Share of the last ${recent} steps whose gradient was longer than the clip norm, and was shortened to it.`,
    value: clippedShare,
  },
}

export function figuresPanel(): HTMLElement {
  const outputs = Object.entries(figures).map(([name, figure]) => ({ name, figure, output: h('dd', {}, '–') }))
  store.watch(['points', 'held', 'run'], (state) => {
    for (const { figure, output } of outputs) setText(output, figure.value(state) ?? '–')
  })
  return h(
    'section',
    { class: 'standing', 'aria-label': 'Where the training stands' },
    h('dl', { class: 'figures' }, ...outputs.map(({ name, output }) => h('div', {}, h('dt', {}, name), output))),
    h(
      'details',
      { class: 'more' },
      h('summary', {}, 'What these figures mean'),
      h(
        'dl',
        { class: 'meanings' },
        ...outputs.map(({ name, figure }) => h('div', {}, h('dt', {}, name), h('dd', {}, figure.what))),
      ),
    ),
  )
}

function meanLoss({ points }: State): number | undefined {
  const last = points.slice(-averaged)
  return last.length > 0 ? last.reduce((sum, { loss }) => sum + loss, 0) / last.length : undefined
}

function stepSeconds({ points, run }: State): number | undefined {
  const last = points.slice(-recent)
  return run && last.length > 1 ? (last.at(-1)!.seconds - last[0].seconds) / (last.length - 1) : undefined
}

function clippedShare({ points, run }: State): string | undefined {
  const last = points.slice(-recent)
  if (!run || last.length === 0) return undefined
  return `${Math.round((100 * last.filter(({ norm }) => norm > run.settings.clipNorm).length) / last.length)} %`
}
