/** What the network reads. */
import { choose } from '../actions/choices.js'
import { chooseText, paste, type } from '../actions/text.js'
import { corpora, textLabel } from '../corpora.js'
import { h, setText } from '../dom.js'
import { whole } from '../numbers.js'
import type { TextFacts } from '../protocol.js'
import type { Settings } from '../settings.js'
import { store } from '../state.js'
import { gistLine, panel } from './panel.js'

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
      paste(pasted)
    },
  })
  const beginning = h('pre', { class: 'beginning', tabindex: 0, 'aria-label': 'How the text begins' })
  const file: HTMLInputElement = h('input', {
    type: 'file',
    id: 'file',
    class: 'hidden-file',
    tabindex: -1,
    'aria-label': 'A text to open',
    onchange: () => {
      if (file.files?.[0]) chooseText({ kind: 'file', file: file.files[0] })
      file.value = ''
    },
  })
  const pick = (name: string): void => {
    choose({ documents: corpora[name]?.documents ?? false })
    if (name === 'typed') type(box.value)
    else chooseText({ kind: 'corpus', name })
  }
  const facts = h('p', { class: 'soft', id: 'facts' })
  const trouble = h('p', { class: 'wrong', role: 'alert' })
  const gist = gistLine()

  store.watch(['source', 'typed'], ({ source, typed }) => {
    select.value = source.kind === 'corpus' ? source.name : source.kind
    if (box.value !== typed) box.value = typed
    box.hidden = source.kind !== 'typed'
    beginning.hidden = source.kind === 'typed'
  })
  store.watch(['facts'], ({ facts: known }) => {
    setText(beginning, known ? `${known.beginning}…` : '')
    setText(facts, known ? sentence(known) : '')
    setText(gist, known ? `${textLabel(known.name)}, ${whole(known.characters)} characters` : '')
  })
  store.watch(['textTrouble'], ({ textTrouble }) => setText(trouble, textTrouble ?? ''))

  return panel(
    'Text',
    gist,
    h(
      'div',
      { class: 'controls' },
      h('label', {}, h('span', {}, 'Corpus'), select),
      h('button', { onclick: () => file.click() }, 'Open a file'),
      file,
    ),
    box,
    beginning,
    trouble,
    facts,
    reading(),
  )
}

/** How the text is cut into tokens and documents. */
function reading(): HTMLElement {
  const tokens: HTMLSelectElement = h(
    'select',
    { id: 'tokens', onchange: () => choose({ tokens: tokens.value as Settings['tokens'] }) },
    h('option', { value: 'characters' }, 'characters'),
    h('option', { value: 'words' }, 'words'),
    h('option', { value: 'bytes' }, 'bytes'),
  )
  const documents: HTMLInputElement = h('input', {
    type: 'checkbox',
    id: 'documents',
    onchange: () => choose({ documents: documents.checked }),
  })
  store.watch(['settings'], ({ settings }) => {
    documents.checked = settings.documents
    tokens.value = settings.tokens
  })
  return h(
    'div',
    { class: 'controls' },
    h('label', {}, h('span', {}, 'Tokens'), tokens),
    h('label', { class: 'check' }, documents, 'One document a line'),
  )
}

function sentence({ name, characters, documents, tokens, vocabulary, kind, heldOut }: TextFacts): string {
  const length = documents === undefined ? '' : `${whole(documents)} documents, `
  const share = `${Number(((100 * heldOut) / (documents ?? tokens)).toFixed(1))} %`
  const held =
    heldOut === 0
      ? 'Nothing is held out.'
      : `${whole(heldOut)} ${documents === undefined ? kind : 'documents'} (${share}) are held out.`
  return `${textLabel(name)}: ${length}${whole(characters)} characters, a vocabulary of ${whole(vocabulary)} ${kind}. ${held}`
}
