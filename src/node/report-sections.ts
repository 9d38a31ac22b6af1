/** The parts of a report's page, from what the run was asked for and what it did. */
import type { AnyRunConfig, FinalLine } from './log.js'
import { bestOf, spread, type Mark, type Run, type Sample, type ValidationRow } from './report-data.js'
import { html, Markup, type Piece } from './report-markup.js'

/** The most curves are drawn with. */
export const mostPoints = 2000
/** The most rows of a table. */
export const mostRows = 1000
const mostSamples = 500
/** In UTF-16 units. */
const longestSample = 10_000

const count = (value: number) => value.toLocaleString('en')
const decimal = (value: number | null, digits: number) =>
  value === null ? '–' : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

/** `12.3 s`, `3 min 20 s`, `2 h 5 min` */
function duration(seconds: number): string {
  if (seconds < 59.95) return `${decimal(seconds, 1)} s`
  const whole = Math.round(seconds)
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

/** What it is of: a partial configuration is one of text. */
type Shown = Partial<AnyRunConfig>

/** What losses are counted in: `nats a token`. */
const unitOf = (config: Shown): string => ('unit' in config ? config.unit : undefined) ?? 'nats a token'

/** `LSTM, 2 layers of 128` */
export function titleOf({ model }: Shown): string {
  const { cell, layers, hidden } = model ?? {}
  const name = typeof cell === 'string' ? cell.toUpperCase() : 'A recurrent network'
  if (typeof hidden === 'number')
    return `${name}, ${layers === undefined || layers === 1 ? '1 layer' : `${layers} layers`} of ${hidden}`
  return Array.isArray(hidden) ? `${name}, layers of ${hidden.join(', ')}` : name
}

/** What it was trained on, and with what. */
export function subtitleOf(config: Shown): string {
  const { parameters, kernels } = config
  const { corpus, vocabulary } = 'corpus' in config ? config : {}
  const { task, data } = 'data' in config ? config : {}
  const sources = corpus?.sources ?? (data ? [data.source] : [])
  const files = sources.slice(0, 3).join(', ') + (sources.length > 3 ? ` and ${count(sources.length - 3)} more` : '')
  const parts = [
    task && `to ${task}`,
    files && `trained on ${files}`,
    data?.rows !== undefined && `${count(data.rows)} rows`,
    corpus?.characters !== undefined && `${count(corpus.characters)} characters`,
    vocabulary?.size !== undefined && `a vocabulary of ${count(vocabulary.size)} ${vocabulary.kind ?? 'tokens'}`,
    parameters !== undefined && `${count(parameters)} parameters`,
    kernels && `${kernels} kernels`,
  ]
  return parts.filter(Boolean).join(' · ')
}

const endings: Readonly<Record<string, readonly [state: string, why: string]>> = {
  steps: ['finished', 'it took all its steps'],
  epochs: ['finished', 'it read the text as often as it was to'],
  time: ['finished', 'its time was up'],
  loss: ['finished', 'it reached the loss that it was to'],
  patience: ['finished', 'the held-out loss fell no further'],
  stopped: ['stopped', 'it was told to'],
  divergence: ['diverged', 'the loss or a gradient was beyond all bounds'],
}

/** Where the run is, and why. */
export function stateOf({ end }: Run): readonly [state: string, why: string] {
  if (!end) return ['running', 'it had not ended when this page was made']
  return Object.hasOwn(endings, end.reason) ? endings[end.reason] : ['ended', String(end.reason ?? '')]
}

export function facts(config: Shown, run: Run): Markup {
  const { training } = config
  const corpus = 'corpus' in config ? config.corpus : undefined
  const [unit] = unitOf(config).split(' ')
  const [state, why] = stateOf(run)
  const best = bestOf(run.validations)
  const steps = typeof training?.steps === 'number' && ` of ${count(training.steps)}`
  const epoch = run.steps.at(-1)?.epoch ?? null
  const bits = best && best.bitsPerCharacter !== null ? `${decimal(best.bitsPerCharacter, 3)} bits a character, ` : ''
  return html`<dl class="facts">
    ${fact('State', html`<b class="${state}">${state}</b>`, why)}
    ${fact('Step', [count(run.step), steps], epoch !== null && `epoch ${decimal(epoch, 2)}`)}
    ${fact(
      'Best held-out loss',
      best ? `${decimal(best.nats, 4)} ${unit}` : '–',
      best ? `${bits}${right(best.accuracy)}at step ${count(best.step)}${known(corpus?.heldOutCoverage)}` : 'none measured yet',
    )}
    ${fact('Time', run.seconds === null ? '–' : duration(run.seconds), 'of training, measuring left out')}
  </dl>`
}

/** A loss on text with unknown tokens says little without it. */
const known = (coverage: number | undefined): string =>
  coverage === undefined || coverage === 1 ? '' : `; ${decimal(100 * coverage, 2)} % of its tokens are known`

const right = (accuracy: number | null): string => (accuracy === null ? '' : `${decimal(100 * accuracy, 2)} % right, `)

const fact = (name: string, value: Piece, more: Piece): Markup =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
    <dd class="more">${more}</dd>
  </div>`

const figures = [
  { id: 'loss', title: 'Loss', unit: '' },
  { id: 'learningRate', title: 'Learning rate', unit: '' },
  { id: 'gradientNorm', title: 'Gradient norm', unit: 'before clipping' },
  { id: 'tokensPerSecond', title: 'Speed', unit: '' },
] as const

/** The places that the page's script draws curves in, with their controls. What has no numbers has no place. */
export function curves({ steps, undone, marks, validations: measured }: Run, config: Shown = {}): Markup {
  const unit = unitOf(config)
  const units: Readonly<Record<string, string>> = { loss: unit, tokensPerSecond: `${predictedIn(unit)}s a second` }
  const there = figures.filter(
    ({ id }) => steps.some((row) => row[id] !== null) || (id === 'loss' && measured.some((row) => row.nats !== null)),
  )
  if (there.length === 0) return html`<section><p class="soft">Nothing has been measured yet.</p></section>`
  const happened = (event: string) => marks.some((mark) => mark.line.event === event)
  const keys = [
    happened('divergence') && html`<span class="key divergence">divergence</span>`,
    happened('resumed') && html`<span class="key resumed">resumed</span>`,
    undone.length > 0 && html`<span class="key">taken back</span>`,
  ]
  const few = `Of ${count(steps.length)} logged steps ${count(mostPoints)} are drawn at most. The lowest and highest of every stretch are among them; smoothed are the means of all.`
  return html`<section id="curves">
    <h2>Curves</h2>
    <p class="note" data-no-script>The curves are drawn by a script; all else can be read without.</p>
    <div class="controls" data-script hidden>
      <fieldset>
        <legend>Across</legend>
        <label> <input type="radio" name="across" value="step" checked /> steps </label>
        <label> <input type="radio" name="across" value="seconds" /> time </label>
      </fieldset>
      <fieldset>
        <legend>Loss and norm</legend>
        <label> <input type="radio" name="axis" value="linear" checked /> linear </label>
        <label> <input type="radio" name="axis" value="log" /> logarithmic </label>
      </fieldset>
      <label>
        <span class="soft">Smoothing</span>
        <input type="range" id="smoothing" min="0" max="99" value="0" />
        <output id="smoothness" for="smoothing">0 %</output>
      </label>
      <button type="button" id="download">Download CSV</button>
    </div>
    <div class="charts" data-script hidden>
      ${there.map(
        ({ id, title, unit: own }) =>
          html`<figure id="${id}">
            <figcaption>${title} <span>${units[id] ?? own}</span> ${id === 'loss' && keys}</figcaption>
            <div class="chart" role="group" tabindex="0" aria-label="${title}; the arrow keys read off values"></div>
          </figure>`,
      )}
    </div>
    <p class="note" data-script hidden>
      Drag over a stretch to see it closer; double-click to see all. The arrow keys move along a curve.
      ${steps.length > mostPoints && few}
    </p>
  </section>`
}

/** All samples, which the page's script folds away, and a slider through them. */
export function samples(all: readonly Sample[]): Markup | undefined {
  if (all.length === 0) return undefined
  const shown = spread(all, mostSamples)
  const groups: Sample[][] = []
  for (const sample of shown) {
    const group = groups.at(-1)
    if (group?.[0].step === sample.step && group[0].undone === sample.undone) group.push(sample)
    else groups.push([sample])
  }
  const last = groups.length - 1
  return html`<section id="samples">
    <h2>Samples</h2>
    <div data-script hidden>
      <label class="slide">
        <span class="soft">Step</span>
        <input type="range" id="sample" min="0" max="${last}" value="${last}" />
      </label>
      <div id="shown" aria-live="polite"></div>
    </div>
    <details open>
      <summary>All samples: ${fraction(shown, all)}</summary>
      ${groups.map(
        (group) =>
          html`<section>
            <h3>Step ${count(group[0].step)}${group[0].undone && ', taken back'}</h3>
            ${group.map(sampleText)}
          </section>`,
      )}
    </details>
  </section>`
}

function sampleText({ temperature, text }: Sample): Markup {
  const cut = text.length > longestSample ? `${text.slice(0, longestSample)}…` : text
  // A parser drops a line end that follows <pre> at once, so that one is given to it.
  return html`<p class="note">${temperature !== null && `temperature ${temperature}`}</p>
    ${new Markup('<pre>\n')}${cut}${new Markup('</pre>')}`
}

const capital = (text: string): string => text[0].toUpperCase() + text.slice(1)

/** Of `nats a token`, `token`. */
export const predictedIn = (unit: string): string => unit.split(' a ')[1] ?? 'prediction'

const atTheEnd = ({ nats, bitsPerCharacter, perplexity }: FinalLine): string =>
  ` They measured a part of it; all of it, at the end: ${decimal(nats, 4)} nats a token, ${decimal(bitsPerCharacter ?? null, 4)} bits a character, perplexity ${decimal(perplexity ?? null, 2)}.`

export function validations(all: readonly ValidationRow[], final?: FinalLine, config: Shown = {}): Markup | undefined {
  if (all.length === 0) return undefined
  const isText = !('unit' in config)
  const hasAccuracy = all.some(({ accuracy }) => accuracy !== null)
  const shown = spread(all, mostRows)
  const best = bestOf(all)
  const rows = shown.map((row) => {
    const numbers = [
      count(row.step),
      row.seconds === null ? '–' : duration(row.seconds),
      decimal(row.nats, 4),
      ...(isText ? [decimal(row.bitsPerCharacter, 4), decimal(row.perplexity, 2)] : []),
      ...(hasAccuracy ? [row.accuracy === null ? '–' : `${decimal(100 * row.accuracy, 2)} %`] : []),
    ]
    const remark = row.undone ? 'taken back' : row === best ? 'best' : row.best && 'best so far'
    return html`<tr class="${row.undone ? 'undone' : row === best && 'best'}">
      ${numbers.map((number) => html`<td>${number}</td>`)}
      <td class="text">${remark}</td>
    </tr>`
  })
  return html`<section id="validations">
    <h2>Validations</h2>
    <p class="note">
      On ${isText ? 'text' : 'what'} that is never trained on: ${fraction(shown, all)}
      ${all.length === 1 ? 'measurement' : 'measurements'}.${final && atTheEnd(final)}
    </p>
    ${table('Validations', ['Step', 'Time', capital(unitOf(config)), ...(isText ? ['Bits a character', 'Perplexity'] : []), ...(hasAccuracy ? ['Right'] : []), ''], rows)}
  </section>`
}

/** Where the run diverged, and where it was resumed. */
export function events(all: readonly Mark[]): Markup | undefined {
  if (all.length === 0) return undefined
  const shown = spread(all, mostRows)
  const rows = shown.map(
    ({ line }) =>
      html`<tr>
        <td>${count(line.step)}</td>
        <td class="text">${line.event}</td>
        <td class="text">${line.event === 'divergence' && describeDivergence(line)}</td>
      </tr>`,
  )
  return html`<section id="events">
    <h2>Divergences and resumptions</h2>
    ${shown.length < all.length && html`<p class="note">${fraction(shown, all)} are shown.</p>`}
    ${table('Divergences and resumptions', ['Step', '', ''], rows)}
  </section>`
}

function describeDivergence({ message, op, parameter, backTo, rateFactor }: Mark['line'] & { event: 'divergence' }): string {
  const where = [op && `op ${op}`, parameter && `parameter ${parameter}`].filter(Boolean).join(', ')
  const rate = rateFactor === undefined ? '' : `, with ${rateFactor} of the learning rate`
  const then = backTo === undefined ? '' : `Went on from step ${backTo}${rate}.`
  return [message, where && `(${where})`].filter(Boolean).join(' ') + (then && `. ${then}`)
}

/** A table that scrolls in itself, also by keyboard. */
const table = (label: string, columns: readonly string[], rows: readonly Markup[]): Markup =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col">${column}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`

const fraction = (shown: readonly unknown[], all: readonly unknown[]): string =>
  shown.length < all.length ? `${count(shown.length)} of ${count(all.length)}` : count(all.length)

/** Every option, a table for each group of them. */
export function configuration(config: Shown): Markup {
  const { defaults = {}, ...rest } = config
  const given = Object.entries(rest)
    .map(([name, value]) => ({ name, value }))
    .filter(({ value }) => value !== undefined)
  const optionsOf = (group: object, isDefault = false) =>
    Object.entries(group)
      .filter(([, value]) => value !== undefined)
      .map(([option, value]) => ({ option, value: value as unknown, isDefault }))
  const groups = [
    ...given.flatMap(({ name, value }) =>
      isGroup(value) ? [{ name, options: [...optionsOf(value), ...(name === 'training' ? optionsOf(defaults, true) : [])] }] : [],
    ),
    {
      name: 'run',
      options: optionsOf(Object.fromEntries(given.flatMap(({ name, value }) => (isGroup(value) ? [] : [[name, value]])))),
    },
  ]
  return html`<section id="configuration">
    <h2>Configuration</h2>
    <div class="tables">
      ${groups.map(
        ({ name, options }) =>
          html`<table>
            <caption>
              ${name}
            </caption>
            <tbody>
              ${options.map(
                ({ option, value, isDefault }) =>
                  html`<tr>
                    <th scope="row">${option}</th>
                    <td>${shownOption(value)}${isDefault && html` <span class="soft">default</span>`}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`,
      )}
    </div>
  </section>`
}

const isGroup = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

function shownOption(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value)) {
    const listed = value.slice(0, 20).map(shownOption).join(', ')
    return value.length > 20 ? `${listed} and ${count(value.length - 20)} more` : listed
  }
  if (Number.isInteger(value)) return count(value as number)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
