/** What the network is made of, and how it is trained. */
import { choose } from '../actions/choices.js'
import { h, setText } from '../dom.js'
import { bytes, whole } from '../numbers.js'
import { cellNames, complaint, firstComplaint, optimizerNames, ranges, type RangedName, type Settings } from '../settings.js'
import { memory, parameterCount } from '../sizes.js'
import { store } from '../state.js'
import { gistLine, panel } from './panel.js'

type FieldName = RangedName | 'cell' | 'optimizer'

/** By choice: its name in the field, and what it is, for who meets it for the first time. */
const fields: Readonly<Record<FieldName, { readonly label: string; readonly what: string }>> = {
  cell: {
    label: 'Cell',
    what: 'what a unit does at each step. Gates let an LSTM and a GRU remember for longer than a plain RNN.',
  },
  optimizer: { label: 'Optimizer', what: 'how the gradient changes the weights.' },
  layers: { label: 'Layers', what: 'how many networks stand on top of each other, each reading the one below.' },
  hidden: { label: 'Units', what: 'how many numbers each layer remembers from one step to the next.' },
  embedding: { label: 'Embedding', what: 'how many numbers stand for a token where the network reads it.' },
  dropout: {
    label: 'Dropout',
    what: 'share of what passes between layers that is left out at random, against learning by heart.',
  },
  window: { label: 'Window', what: 'how many steps back the gradient of a loss goes.' },
  batch: { label: 'Batch', what: 'how many places of the text are read side by side in a training step.' },
  clipNorm: { label: 'Clip norm', what: 'a gradient that is longer than this is shortened to it.' },
  heldOut: { label: 'Held out', what: 'share of the text that is never trained on, to measure by.' },
  seed: { label: 'Seed', what: 'where all chance starts: the same seed makes the same network and the same training.' },
}

const numbers = Object.keys(ranges) as RangedName[]

/** What an arrow key adds, where it is not 1. */
const steps: Partial<Record<RangedName, number | 'any'>> = { dropout: 0.05, heldOut: 0.01, clipNorm: 'any' }

export function networkPanel(): HTMLElement {
  const size = h('p', { class: 'soft', id: 'size' })
  const explanation = h('p', { class: 'soft explanation', 'aria-hidden': 'true' }, 'Point at a field to see what it is.')
  const gist = gistLine()
  store.watch(['settings', 'facts'], ({ settings, facts }) => {
    setText(gist, `${cellNames[settings.cell]}, ${settings.layers > 1 ? `${settings.layers} × ` : ''}${settings.hidden} units`)
    if (!facts || firstComplaint(settings)) return setText(size, '')
    const count = parameterCount(settings, facts.vocabulary)
    setText(size, `${whole(count)} parameters, about ${bytes(memory(settings, facts.vocabulary))} of memory.`)
  })
  const grid = h(
    'div',
    { class: 'grid' },
    choice('cell', cellNames),
    choice('optimizer', optimizerNames),
    ...numbers.map(numberField),
  )
  const explain = ({ target }: Event): void => {
    const name = (target as HTMLElement).closest('label')?.dataset.name as FieldName | undefined
    if (name) setText(explanation, `${fields[name].label}: ${fields[name].what}`)
  }
  grid.addEventListener('focusin', explain)
  grid.addEventListener('pointerover', explain)
  return panel('Network', gist, grid, ...numbers.map(complaintLine), explanation, size)
}

/** A field under its name; what it is, is said by a screen reader as it is reached. */
function field(name: FieldName, input: HTMLElement, kind?: string): HTMLElement {
  const { label, what } = fields[name]
  const id = `${name}-what`
  input.setAttribute('aria-describedby', [input.getAttribute('aria-describedby'), id].filter(Boolean).join(' '))
  return h('label', { class: kind, 'data-name': name }, h('span', {}, label), input, h('span', { id, hidden: true }, what))
}

function choice<N extends 'cell' | 'optimizer'>(name: N, names: Readonly<Record<Settings[N], string>>): HTMLElement {
  const select: HTMLSelectElement = h(
    'select',
    { id: name, onchange: () => choose({ [name]: select.value }) },
    ...Object.entries<string>(names).map(([value, text]) => h('option', { value }, text)),
  )
  store.watch(['settings'], ({ settings }) => void (select.value = settings[name]))
  return field(name, select, 'wide')
}

function numberField(name: RangedName): HTMLElement {
  const { least, most } = ranges[name]
  const input: HTMLInputElement = h('input', {
    type: 'number',
    id: name,
    min: least,
    max: most,
    step: steps[name] ?? 1,
    'aria-describedby': `${name}-wrong`,
    oninput: () => choose({ [name]: input.value === '' ? NaN : Number(input.value) }),
  })
  store.watch(['settings'], ({ settings }) => {
    if (document.activeElement !== input) input.value = String(settings[name])
    input.setAttribute('aria-invalid', String(complaint(settings, name) !== undefined))
  })
  return field(name, input)
}

/** Below all fields, where there is room for a sentence. */
function complaintLine(name: RangedName): HTMLElement {
  const line = h('p', { class: 'wrong', id: `${name}-wrong`, role: 'alert' })
  store.watch(['settings'], ({ settings }) => {
    const sentence = complaint(settings, name)
    setText(line, sentence ? `${fields[name].label}: ${sentence}` : '')
  })
  return line
}
