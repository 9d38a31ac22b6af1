/** Charts as SVG, which need no script. */
import { log } from '../nn/random.js'
import { html, type Markup } from '../node/report-markup.js'

export interface Point {
  readonly x: number
  readonly y: number
  /** What it is, for who points at it. */
  readonly label?: string
  readonly best?: boolean
}

export interface Line {
  readonly label: string
  readonly points: readonly Point[]
  readonly best?: boolean
}

/** How the horizontal axis is divided: a scale of numbers, or names side by side (then x counts them from 0). */
export type Axis = { readonly scale: 'linear' | 'log' } | { readonly names: readonly string[] }

const [width, left, right, top, bottom] = [640, 60, 16, 12, 34]

interface Scale {
  readonly place: (value: number) => number
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
}

/** Curves over steps. */
export const lineChart = (lines: readonly Line[], label: string): Markup =>
  chart(
    lines.flatMap(({ points }) => points),
    { scale: 'linear' },
    label,
    320,
    (x, y) =>
      // The best lies on top.
      lines
        .toSorted((a, b) => Number(a.best ?? false) - Number(b.best ?? false))
        .map(({ label: name, points, best }) => {
          const path = points.map((point) => `${x(point.x)},${y(point.y)}`).join(' ')
          const mark = best ? 'best' : ''
          return points.length === 1
            ? html`<circle class="${mark}" cx="${x(points[0].x)}" cy="${y(points[0].y)}" r="3"><title>${name}</title></circle>`
            : html`<polyline class="${mark}" points="${path}"><title>${name}</title></polyline>`
        }),
  )

/** Points, one for each trial. */
export const pointChart = (points: readonly Point[], axis: Axis, label: string): Markup =>
  chart(points, axis, label, 220, (x, y) =>
    points.map(
      (point) =>
        html`<circle class="${point.best ? 'best' : ''}" cx="${x(point.x)}" cy="${y(point.y)}" r="4">
          <title>${point.label ?? ''}</title>
        </circle>`,
    ),
  )

function chart(
  points: readonly Point[],
  axis: Axis,
  label: string,
  height: number,
  marks: (x: (value: number) => number, y: (value: number) => number) => Markup[],
): Markup {
  const across =
    'names' in axis
      ? nameScale(axis.names)
      : numberScale(
          points.map(({ x }) => x),
          axis.scale,
          left,
          width - right,
        )
  const up = numberScale(
    points.map(({ y }) => y),
    'linear',
    height - bottom,
    top,
  )
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
    ${up.ticks.map(
      ({ at, text }) =>
        html`<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" />
          <text x="${left - 8}" y="${at + 4}" text-anchor="end">${text}</text>`,
    )}
    ${across.ticks.map(({ at, text }) => html`<text x="${at}" y="${height - bottom + 20}" text-anchor="middle">${text}</text>`)}
    ${marks(across.place, up.place)}
  </svg>`
}

const rounded = (place: number): number => Math.round(place * 10) / 10

function nameScale(names: readonly string[]): Scale {
  const step = (width - left - right) / names.length
  const place = (index: number): number => rounded(left + (index + 0.5) * step)
  const shown = Math.ceil(names.length / 12)
  return { place, ticks: names.flatMap((text, i) => (i % shown === 0 ? [{ at: place(i), text }] : [])) }
}

function numberScale(values: readonly number[], scale: 'linear' | 'log', start: number, end: number): Scale {
  const of = (value: number): number => (scale === 'log' ? log(value) : value)
  const low = values.reduce((least, value) => Math.min(least, value), Infinity)
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity)
  const span = of(high) - of(low)
  // One value only lies in the middle.
  const place = (value: number): number => rounded(start + (span > 0 ? (of(value) - of(low)) / span : 0.5) * (end - start))
  const ticks = scale === 'log' ? logTicks(low, high) : linearTicks(low, high)
  return { place, ticks: ticks.map((value) => ({ at: place(value), text: String(value) })) }
}

/** Multiples of 1, 2 or 5 times a power of ten, at most about seven. */
function linearTicks(low: number, high: number): number[] {
  if (!(high > low)) return Number.isFinite(low) ? [Number(low.toPrecision(4))] : []
  const [digits, exponent] = ((high - low) / 6).toExponential().split('e')
  const factor = [1, 2, 5, 10].find((each) => each >= Number(digits))!
  const step = Number(`${factor}e${exponent}`)
  const first = Math.ceil(low / step)
  const count = Math.floor(high / step) - first + 1
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

function logTicks(low: number, high: number): number[] {
  const all: number[] = []
  const [first, last] = [low, high].map((value) => Number(value.toExponential().split('e')[1]))
  for (let exponent = first; exponent <= last; exponent++) {
    for (const digit of [1, 2, 5]) all.push(Number(`${digit}e${exponent}`))
  }
  const within = all.filter((value) => value >= low && value <= high)
  return within.length > 7 ? within.filter((value) => value.toExponential().startsWith('1')) : within
}
