/** What the network is made of, and how it is trained. */
import { choose } from '../actions.js'
import { h, setText } from '../dom.js'
import { bytes, whole } from '../numbers.js'
import { cellNames, complaint, optimizerNames, ranges, type RangedName, type Settings } from '../settings.js'
import { memory, parameterCount } from '../sizes.js'
import { store } from '../state.js'

const numbers: Readonly<Record<RangedName, { readonly label: string; readonly step: number }>> = {
  layers: { label: 'Layers', step: 1 },
  hidden: { label: 'Units a layer', step: 1 },
  embedding: { label: 'Embedding', step: 1 },
  dropout: { label: 'Dropout', step: 0.05 },
  window: { label: 'Window, steps', step: 1 },
  batch: { label: 'Side by side', step: 1 },
  clipNorm: { label: 'Gradient at most', step: 0.1 },
  heldOut: { label: 'Held out, share', step: 0.01 },
  seed: { label: 'Seed', step: 1 },
}

export function networkPanel(): HTMLElement {
  const fields = (Object.keys(numbers) as RangedName[]).map(numberField)
  const size = h('p', { class: 'soft', id: 'size' })
  store.watch(['settings', 'facts'], ({ settings, facts }) => {
    if (!facts || (Object.keys(settings) as (keyof Settings)[]).some((name) => complaint(settings, name)))
      return setText(size, '')
    setText(
      size,
      `${whole(parameterCount(settings, facts.vocabulary))} parameters; about ${bytes(memory(settings, facts.vocabulary))} of memory.`,
    )
  })
  return h(
    'details',
    { class: 'panel', open: true },
    h('summary', {}, h('h2', {}, 'Network')),
    h('div', { class: 'grid' }, choice('cell', 'Cell', cellNames), choice('optimizer', 'Optimizer', optimizerNames), ...fields),
    size,
  )
}

function choice<N extends 'cell' | 'optimizer'>(
  name: N,
  label: string,
  names: Readonly<Record<Settings[N], string>>,
): HTMLElement {
  const select: HTMLSelectElement = h(
    'select',
    { id: name, onchange: () => choose({ [name]: select.value }) },
    ...Object.entries<string>(names).map(([value, text]) => h('option', { value }, text)),
  )
  store.watch(['settings'], ({ settings }) => void (select.value = settings[name]))
  return h('label', { class: 'wide' }, h('span', {}, label), select)
}

function numberField(name: RangedName): HTMLElement {
  const { label, step } = numbers[name]
  const { least, most } = ranges[name]
  const input: HTMLInputElement = h('input', {
    type: 'number',
    id: name,
    min: least,
    max: most,
    step: step === 1 ? 1 : 'any',
    'aria-describedby': `${name}-wrong`,
    oninput: () => choose({ [name]: input.value === '' ? NaN : Number(input.value) }),
  })
  const wrong = h('small', { class: 'wrong', id: `${name}-wrong`, role: 'alert' })
  store.watch(['settings'], ({ settings }) => {
    if (document.activeElement !== input) input.value = String(settings[name])
    const sentence = complaint(settings, name)
    setText(wrong, sentence ?? '')
    input.setAttribute('aria-invalid', String(sentence !== undefined))
  })
  return h('label', {}, h('span', {}, label), input, wrong)
}
