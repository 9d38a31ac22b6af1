/** What the network reads. */
import { choose, chooseText, openModel, type } from '../actions.js'
import { h, setText } from '../dom.js'
import { whole } from '../numbers.js'
import type { Settings } from '../settings.js'
import { store } from '../state.js'

const corpora: Readonly<Record<string, { readonly label: string; readonly documents: boolean }>> = {
  prose: { label: 'Prose: Moby Dick', documents: false },
  names: { label: 'Names', documents: true },
  sentences: { label: 'Sentences', documents: true },
}

/** More than this is not laid out in a box, which would take the page's breath away. */
const mostInBox = 200_000

export function textPanel(): HTMLElement {
  const select: HTMLSelectElement = h(
    'select',
    { id: 'corpus', onchange: () => pick(select.value) },
    ...Object.entries(corpora).map(([name, { label }]) => h('option', { value: name }, label)),
    h('option', { value: 'typed' }, 'Your own text'),
    h('option', { value: 'file', hidden: true }, 'A file'),
    h('option', { value: 'kept', hidden: true }, 'The text of the kept run'),
  )
  const box: HTMLTextAreaElement = h('textarea', {
    id: 'text',
    rows: 7,
    spellcheck: 'false',
    placeholder: 'Paste or type a text, or drop a file here.',
    'aria-label': 'Your own text',
    oninput: () => type(box.value),
    onpaste: (event: ClipboardEvent) => {
      const pasted = event.clipboardData?.getData('text/plain') ?? ''
      if (pasted.length <= mostInBox) return
      event.preventDefault()
      take(new File([pasted], 'pasted text'))
    },
  })
  const beginning = h('pre', { class: 'beginning', tabindex: 0, 'aria-label': 'How the text begins' })
  const file: HTMLInputElement = h('input', {
    type: 'file',
    id: 'file',
    class: 'hidden-file',
    tabindex: -1,
    'aria-label': 'A text to open',
    onchange: () => file.files?.[0] && take(file.files[0]),
  })
  const documents: HTMLInputElement = h('input', {
    type: 'checkbox',
    id: 'documents',
    onchange: () => choose({ documents: documents.checked }),
  })
  const tokens: HTMLSelectElement = h(
    'select',
    { id: 'tokens', onchange: () => choose({ tokens: tokens.value as Settings['tokens'] }) },
    h('option', { value: 'characters' }, 'characters'),
    h('option', { value: 'words' }, 'words'),
    h('option', { value: 'bytes' }, 'bytes'),
  )
  const facts = h('p', { class: 'soft', id: 'facts' })
  const trouble = h('p', { class: 'wrong', role: 'alert' })

  const pick = (name: string): void => {
    if (name === 'typed') {
      choose({ documents: false })
      return type(box.value)
    }
    if (!corpora[name]) return
    choose({ documents: corpora[name].documents })
    chooseText({ kind: 'corpus', name })
  }
  const take = (taken: File): void => {
    chooseText({ kind: 'file', file: taken })
  }

  store.watch(['source', 'typed'], ({ source, typed }) => {
    select.value = source.kind === 'corpus' ? source.name : source.kind
    if (box.value !== typed) box.value = typed
    box.hidden = source.kind !== 'typed'
    beginning.hidden = source.kind === 'typed'
  })
  store.watch(['settings'], ({ settings }) => {
    documents.checked = settings.documents
    tokens.value = settings.tokens
  })
  store.watch(['facts'], ({ facts: known }) => {
    setText(beginning, known ? `${known.beginning}…` : '')
    if (!known) return setText(facts, '')
    const { kind } = known
    const length = known.documents === undefined ? '' : `${whole(known.documents)} documents, `
    setText(
      facts,
      `${known.name}: ${length}${whole(known.characters)} characters; a vocabulary of ${whole(known.vocabulary)} ${kind}; ` +
        (known.heldOut > 0 ? `${whole(known.heldOut)} ${kind} held out, never trained on.` : 'nothing held out.'),
    )
  })
  store.watch(['textTrouble'], ({ textTrouble }) => setText(trouble, textTrouble ?? ''))

  // Anywhere on the page: what is dropped beside the box would take the page's place.
  document.addEventListener('dragover', (event) => event.preventDefault())
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    const dropped = event.dataTransfer?.files[0]
    const text = event.dataTransfer?.getData('text/plain')
    if (dropped && /\.(safetensors|json)$/i.test(dropped.name)) void openModel(dropped)
    else if (dropped) take(dropped)
    else if (text) type(text)
  })
  return h(
    'details',
    { class: 'panel', open: true },
    h('summary', {}, h('h2', {}, 'Text')),
    h(
      'div',
      { class: 'controls' },
      h('label', {}, h('span', {}, 'Read'), select),
      h('button', { onclick: () => file.click() }, 'Open a file'),
      file,
    ),
    box,
    beginning,
    trouble,
    facts,
    h(
      'div',
      { class: 'controls' },
      h('label', {}, h('span', {}, 'Token'), tokens),
      h('label', { class: 'check' }, documents, 'Each line begins and ends by itself'),
    ),
  )
}
