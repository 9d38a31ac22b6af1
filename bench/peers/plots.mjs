/** The plots of docs/performance.md, as SVG, from what the measurements have written. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

const { document } = parseHTML('<!doctype html><body></body>')
const ours = '#0f766e'
const others = '#9a3412'
const colour = ({ ours: own }) => (own ? ours : others)
const look = { fontFamily: 'system-ui, sans-serif', fontSize: '12px', background: 'white' }

/** As a file of its own: with the name space, and no class that other plots on a page share. */
function svg(options) {
  const plot = Plot.plot({ document, style: look, ...options })
  const drawn = plot.tagName.toLowerCase() === 'svg' ? plot : plot.querySelector('svg')
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  drawn.setAttribute('xmlns:xlink', 'http://www.w3.org/1999/xlink')
  return `${drawn.outerHTML}\n`
}

/** How many times as long as ours each takes, task by task. */
export function tasksPlot({ tasks }, usual) {
  const points = tasks.flatMap(({ name, cells }) => {
    const base = cells.find(({ contender }) => contender === usual)?.ms?.median
    return cells
      .filter(({ ms }) => ms && base)
      .map(({ label, ms, ours: own }) => ({
        task: name,
        label,
        ours: own,
        times: ms.median / base,
        from: ms.quartiles[0] / base,
        to: ms.quartiles[1] / base,
      }))
  })
  const labels = [...new Set(tasks.flatMap(({ cells }) => cells.map(({ label }) => label)))]
  return svg({
    width: 900,
    height: tasks.length * (labels.length * 14 + 24) + 80,
    marginLeft: 240,
    marginRight: 150,
    marginBottom: 50,
    x: {
      type: 'log',
      grid: true,
      label: 'times as long as Unrolled relaxed, one thread (log; middle half and median)',
      tickFormat: '~g',
    },
    y: { domain: labels, label: null },
    fy: { domain: tasks.map(({ name }) => name), label: null },
    marks: [
      Plot.ruleX([1], { stroke: '#999' }),
      Plot.link(points, { fy: 'task', x1: 'from', x2: 'to', y1: 'label', y2: 'label', stroke: colour }),
      Plot.dot(points, { fy: 'task', x: 'times', y: 'label', fill: colour, r: 3.5 }),
    ],
  })
}

/** Held-out loss against seconds of training; who it is stands in the margin, the fastest first. */
export function qualityPlot({ cells, target }) {
  const measured = cells.filter(({ curve }) => curve.length > 0)
  const order = measured.slice().sort((a, b) => (a.seconds ?? Infinity) - (b.seconds ?? Infinity))
  const points = measured.flatMap(({ label, curve }) => curve.map(([seconds, nats]) => ({ label, seconds, nats })))
  const most = Math.max(...points.map(({ nats }) => nats))
  const names = order.map(({ label, seconds }, i) => ({
    label,
    text: seconds === undefined ? label : `${label}: ${seconds.toPrecision(3)} s`,
    at: most - (i * (most - target)) / 14,
  }))
  return svg({
    width: 900,
    height: 420,
    marginRight: 270,
    marginBottom: 50,
    color: { domain: order.map(({ label }) => label), scheme: 'turbo' },
    x: { type: 'log', grid: true, label: 'seconds of training (log)', tickFormat: '~g' },
    y: { grid: true, label: 'held-out loss, nats a character' },
    marks: [
      Plot.ruleY([target], { stroke: '#999', strokeDasharray: '4 3' }),
      Plot.line(points, { x: 'seconds', y: 'nats', stroke: 'label', z: 'label', strokeWidth: 1.8 }),
      Plot.text(names, { frameAnchor: 'right', y: 'at', text: 'text', fill: 'label', dx: 10, textAnchor: 'start' }),
    ],
  })
}

/** Time against each size, both on logarithms and both as multiples of the first. */
export function scalingPlot({ growths }, names) {
  const points = growths.flatMap(({ size, slope, points: all }) =>
    all.map(({ value, min }) => ({
      size: `${names[size]}: slope ${slope.toFixed(2)}`,
      times: value / all[0].value,
      cost: min / all[0].min,
    })),
  )
  const most = Math.max(...points.map(({ times }) => times))
  const highest = Math.max(...points.map(({ cost }) => cost))
  // The highest line first; beside one another's ends some would stand on others.
  const ends = [...new Map(points.map((point) => [point.size, point])).values()].sort((a, b) => b.cost - a.cost)
  const labels = ends.map(({ size }, i) => ({ size, at: highest ** (1 - i / 12) }))
  return svg({
    width: 640,
    height: 420,
    marginRight: 190,
    marginBottom: 50,
    x: { type: 'log', grid: true, label: 'times the smallest size (log)', tickFormat: '~g' },
    y: { type: 'log', grid: true, label: 'times its cost (log)', tickFormat: '~g' },
    marks: [
      Plot.line(
        [
          [1, 1],
          [most, most],
        ],
        { stroke: '#999', strokeDasharray: '4 3' },
      ),
      Plot.line(points, { x: 'times', y: 'cost', stroke: 'size', marker: 'dot' }),
      Plot.text(labels, { frameAnchor: 'right', y: 'at', text: 'size', fill: 'size', dx: 10, textAnchor: 'start' }),
    ],
  })
}

/** What pages load. */
export function sizesPlot({ pages }) {
  const rows = pages.filter(({ gzipped }) => gzipped)
  return svg({
    width: 640,
    height: 60 + 34 * rows.length,
    marginLeft: 250,
    marginBottom: 50,
    x: { grid: true, label: 'KB gzipped' },
    y: { domain: rows.map(({ label }) => label), label: null },
    marks: [Plot.barX(rows, { x: ({ gzipped }) => gzipped / 1024, y: 'label', fill: colour, insetTop: 3, insetBottom: 3 })],
  })
}
