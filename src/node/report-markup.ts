/** HTML that cannot be broken out of: every value put into a template is text, unless a template made it. */

/** HTML that is safe to be put into a page as it is. */
export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text
  }
}

export type Piece = Markup | string | number | false | undefined | readonly Piece[]

/** A template of HTML. Strings and numbers in it are escaped; false and undefined are nothing; lists are joined. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Markup {
  return new Markup(strings.map((string, index) => string + (index < pieces.length ? markupOf(pieces[index]) : '')).join(''))
}

function markupOf(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (piece instanceof Markup) return piece.text
  return typeof piece === 'object' ? piece.map(markupOf).join('') : escape(printable(String(piece)))
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escape = (text: string) => text.replace(/[&<>"']/g, (sign) => entities[sign])

// A sample may hold whatever the model was trained on. HTML has no way to write most control characters, nor half of a pair of
// surrogates; they are shown as their pictures: ␛, and \ufffd.
const printable = (text: string) => text.replaceAll('\r\n', '\n').replace(/[^\P{Cc}\n\t]|\p{Cs}/gu, picture)
const picture = (sign: string) => {
  const code = sign.charCodeAt(0)
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '\ufffd'
}

/** JSON to stand in a script element: nothing in it ends the element, nor a line of JavaScript. */
export const scriptJson = (value: unknown): Markup =>
  new Markup(
    JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
