/** A page as one file that asks for nothing else. */
import { createHash } from 'node:crypto'
import { html, Markup } from './report-markup.js'

export interface DocumentParts {
  readonly title: string
  readonly styles: string
  readonly body: Markup
  /** The one script that runs. Default: none does. */
  readonly script?: string
}

/** Whatever else got into the page: nothing is loaded, and no script runs but the one given. */
export function documentHtml({ title, styles, body, script }: DocumentParts): string {
  const scripts = script === undefined ? '' : ` script-src ${hashOf(script)};`
  const policy = `default-src 'none'; img-src data:; style-src ${hashOf(styles)};${scripts} base-uri 'none'; form-action 'none'`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${element('style', styles)}
      </head>
      <body>
        ${body} ${script !== undefined && element('script', script)}
      </body>
    </html>`.text
}

/** An element of our own text, to the letter: the policy has its hash. */
const element = (name: 'style' | 'script', text: string) => new Markup(`<${name}>${text}</${name}>`)
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
