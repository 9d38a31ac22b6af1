/** What runs in the page of a report: curves, the slider through the samples, the download. */
import type uPlot from 'uplot'

type Column = readonly (number | null)[]
type Columns = Readonly<Record<string, Column>>

/** What the page is given besides its HTML; a column for each number of the lines. */
export interface PageData {
  readonly steps: Columns
  /** Of the measures that are smoothed, what is smoothed. */
  readonly means: Columns
  readonly heldOut: Columns
  readonly undone: readonly Columns[]
  readonly marks: readonly { readonly kind: string; readonly step: number; readonly seconds: number | null }[]
}

/** The function's text goes into the page. So it uses nothing from outside but its arguments and what browsers have. */
export function page(Plot: typeof uPlot, data: PageData): void {
  type Across = 'step' | 'seconds'
  interface Curve {
    label: string
    /** The lines that have it. */
    lines: Columns
    values: Column
    colour: string
    /** What its smoothed curve is made of; absent: it is not smoothed. */
    means?: Column
    /** Whether its points are shown as long as there are not too many, and not only if they are few. */
    points?: boolean
    /** A share has an axis of its own, on the right. */
    share?: boolean
  }
  const { steps, heldOut } = data
  const measured = (name: string, label: string, colour: string, rest: Partial<Curve> = {}): Curve => ({
    label,
    lines: steps,
    values: steps[name],
    colour,
    means: data.means[name],
    ...rest,
  })
  // By the measure that it shows first, which is also the id of its figure.
  const charts: Record<string, { height: number; curves: Curve[]; logarithmic?: boolean }> = {
    loss: {
      height: 340,
      logarithmic: true,
      curves: [
        measured('loss', 'training', '--first'),
        { label: 'held-out', lines: heldOut, values: heldOut.nats, colour: '--second', points: true },
      ],
    },
    learningRate: { height: 220, curves: [measured('learningRate', 'learning rate', '--first')] },
    gradientNorm: {
      height: 220,
      logarithmic: true,

      curves: [
        measured('gradientNorm', 'norm', '--first'),
        measured('clippedShare', 'share clipped', '--second', { share: true }),
      ],
    },
    tokensPerSecond: { height: 220, curves: [measured('tokensPerSecond', 'tokens/s', '--first')] },
  }

  const find = <E extends HTMLElement>(selector: string): E | null => document.querySelector<E>(selector)
  const chosen = (name: string) => find<HTMLInputElement>(`input[name=${name}]:checked`)?.value
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

  // Numbers as they are read: 412k, 1.234, 3e-4.
  const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 })
  const figure = (value: number | null, digits = 4) => {
    if (value === null || value === undefined) return '–'
    const size = Math.abs(value)
    if (size >= 10_000) return compact.format(value)
    return size !== 0 && size < 1e-3
      ? value.toExponential().replace(/(\.\d{3})\d*/, '$1')
      : String(Number(value.toPrecision(digits)))
  }
  const percent = (value: number | null) => (value === null || value === undefined ? '–' : `${figure(value * 100)} %`)
  const clock = (seconds: number) => {
    const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
    const hours = Math.floor(seconds / 3600)
    const minutes = (seconds % 3600) / 60
    if (seconds < 10 && seconds % 1 !== 0) return `${figure(seconds)} s`
    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${Math.floor(minutes)}:${two(seconds % 60)}`
  }
  const wholeIncrements = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].flatMap((power) => [power, 2 * power, 5 * power])
  const timeIncrements = [
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
  ]

  /** From the first digit of the lowest to the next of the highest; uPlot's own goes on to the next power of ten. */
  function logRange(_: uPlot, lowest: number, highest: number): [number, number] {
    if (lowest === null) return [1, 10]
    const [digits, exponent] = highest.toExponential().split('e')
    return [Number(lowest.toExponential().replace(/\.\d+/, '')), (Math.floor(Number(digits)) + 1) * Number(`1e${exponent}`)]
  }

  /** An average that forgets, freed of the pull of its start (Kingma & Ba 2015, section 3). */
  function smoothed(values: Column, keep: number): Column {
    let sum = 0
    let weight = 0
    return values.map((value) => {
      if (value === null) return null
      sum = keep * sum + (1 - keep) * value
      weight = keep * weight + (1 - keep)
      return sum / weight
    })
  }

  /** A curve as uPlot joins them: x ascends, and there is a point wherever there is a value to show. */
  function table(x: Column, values: Column, log: boolean): [number[], number[]] {
    const xs: number[] = []
    const ys: number[] = []
    x.forEach((at, i) => {
      const value = values[i]
      if (at === null || value === null || (log && value <= 0) || at < (xs.at(-1) ?? -Infinity)) return
      xs.push(at)
      ys.push(value)
    })
    return [xs, ys]
  }

  /** The curves of a chart, each smoothed one in front of what it is made of. Those without a value are left out. */
  function curvesOf(id: string, across: Across, log: boolean) {
    const keep = Number(find<HTMLInputElement>('#smoothing')!.value) / 100
    const series: uPlot.Series[] = []
    const strokes: (() => string)[] = []
    const tables: uPlot.AlignedData[] = []
    for (const { label, lines, values, colour: name, means, points, share } of charts[id].curves) {
      const add = (text: string, column: Column, stroke: () => string, width: number, dots: uPlot.Series.Points): void => {
        const joined = table(lines[across], column, log && !share)
        if (joined[0].length === 0) return
        tables.push(joined)
        strokes.push(stroke)
        series.push({
          label: text,
          scale: share ? 'share' : 'y',
          value: (_, value) => (share ? percent(value) : figure(value)),
          stroke,
          width,
          points: dots,
          spanGaps: true,
        })
      }
      const isSmoothed = means !== undefined && keep > 0
      const dots = { show: !isSmoothed && values.length <= (points ? 200 : 60), size: 5, fill: () => colour('--paper') }
      add(label, values, () => colour(isSmoothed ? `${name}-faint` : name), isSmoothed ? 1 : 1.5, dots)
      if (isSmoothed) add('smoothed', smoothed(means, keep), () => colour(name), 2, { show: false })
    }
    return { series, strokes, tables }
  }

  function axesOf(across: Across, hasShare: boolean): uPlot.Axis[] {
    const rule = { stroke: () => colour('--rule'), width: 1 }
    const look = { stroke: () => colour('--soft'), grid: rule, ticks: rule, font: '12px system-ui, sans-serif' }
    const x: uPlot.Axis = {
      ...look,
      incrs: across === 'seconds' ? timeIncrements : wholeIncrements,
      values: (_, splits) => splits.map((at) => (across === 'seconds' ? clock(at) : figure(at))),
    }
    // On a logarithmic axis some lines have no number.
    const y: uPlot.Axis = { ...look, size: 52, values: (_, splits) => splits.map((at) => (at === null ? '' : figure(at, 8))) }
    const share: uPlot.Axis = {
      ...look,
      scale: 'share',
      side: 1,
      grid: { show: false },
      size: 60,
      values: (_, splits) => splits.map(percent),
    }
    return hasShare ? [x, y, share] : [x, y]
  }

  const drawn = new Map<string, { plot: uPlot; across: Across }>()

  function draw(id: string): void {
    const target = find(`#${id} .chart`)
    if (!target) return
    const across = chosen('across') === 'seconds' ? 'seconds' : 'step'
    const { height, logarithmic } = charts[id]
    const log = logarithmic === true && chosen('axis') === 'log'
    const { series, strokes, tables } = curvesOf(id, across, log)
    const hasShare = series.some(({ scale }) => scale === 'share')
    const before = drawn.get(id)
    // A plot that has not been painted yet has no limits.
    const { min, max } = before?.across === across ? before.plot.scales.x : {}
    before?.plot.destroy()
    const plot = new Plot(
      {
        width: target.clientWidth,
        height: target.clientWidth >= 560 ? height : Math.round(height * 0.8),
        padding: [12, hasShare ? 0 : 16, 0, 0],
        scales: { x: { time: false }, y: log ? { distr: 3, range: logRange } : {}, share: { range: [0, 1] } },
        series: [
          {
            label: across === 'seconds' ? 'time' : 'step',
            value: (_, at) => (at === null ? '–' : across === 'seconds' ? clock(at) : at.toLocaleString('en')),
          },
          ...series,
        ],
        axes: axesOf(across, hasShare),
        cursor: {
          sync: { key: 'run' },
          hover: { skip: [null, undefined] },
          points: { size: 7, fill: (_, i) => strokes[i - 1]() },
        },
        hooks: { drawAxes: [(u) => drawBehind(u, across, id)] },
      },
      tables.length > 0 ? Plot.join(tables) : [[]],
      target,
    )
    if (typeof min === 'number' && typeof max === 'number') plot.setScale('x', { min, max })
    drawn.set(id, { plot, across })
  }

  /** What the curves lie on: the attempts that were given up, and where the run diverged or was resumed. */
  function drawBehind(u: uPlot, across: Across, measure: string): void {
    const { ctx } = u
    const { left, top, width, height } = u.bbox
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, top, width, height)
    ctx.clip()
    ctx.lineWidth = Plot.pxRatio
    ctx.strokeStyle = colour('--undone')
    for (const attempt of data.undone) {
      const [xs, ys] = table(attempt[across], attempt[measure], u.scales.y.distr === 3)
      ctx.beginPath()
      xs.forEach((x, i) => ctx.lineTo(u.valToPos(x, 'x', true), u.valToPos(ys[i], 'y', true)))
      ctx.stroke()
    }
    for (const mark of data.marks) {
      const at = mark[across]
      if (at === null) continue
      const x = Math.round(u.valToPos(at, 'x', true)) + 0.5
      ctx.strokeStyle = colour(`--${mark.kind}`)
      ctx.setLineDash(mark.kind === 'resumed' ? [4 * Plot.pxRatio, 4 * Plot.pxRatio] : [])
      ctx.beginPath()
      ctx.moveTo(x, top)
      ctx.lineTo(x, top + height)
      ctx.stroke()
    }
    ctx.restore()
  }

  const drawAll = () => Object.keys(charts).forEach(draw)

  /** The arrow keys move the cursor along a chart, as the pointer does. */
  function readByKey(id: string, event: KeyboardEvent): void {
    const plot = drawn.get(id)?.plot
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!plot || !by) return
    event.preventDefault()
    const last = plot.data[0].length - 1
    const index = Math.min(last, Math.max(0, (plot.cursor.idx ?? (by > 0 ? -1 : last + 1)) + by))
    plot.setCursor({ left: plot.valToPos(plot.data[0][index], 'x'), top: 0 })
  }

  function csv(): string {
    const validations = ['nats', 'bitsPerCharacter', 'perplexity']
    const measures = Object.keys(steps).filter((name) => name !== 'step')
    const lines = new Map<number, Record<string, number | null>>()
    const add = (columns: Columns, names: string[]): void =>
      columns.step.forEach((step, i) => {
        const line = lines.get(step!) ?? {}
        // A validation knows the time too; the step's own comes first.
        for (const name of names) line[name] = columns[name][i] ?? line[name] ?? null
        lines.set(step!, line)
      })
    add(heldOut, ['seconds', ...validations])
    add(steps, measures)
    const names = [...measures, ...validations]
    const rows = [...lines].sort(([a], [b]) => a - b)
    return [['step', ...names], ...rows.map(([step, line]) => [step, ...names.map((name) => line[name] ?? '')])]
      .map((row) => `${row.join(',')}\n`)
      .join('')
  }

  function download(): void {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([csv()], { type: 'text/csv' }))
    link.download = 'curves.csv'
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }

  function showSamples(): void {
    const groups = [...document.querySelectorAll<HTMLElement>('#samples details section')]
    const slider = find<HTMLInputElement>('#sample')
    const shown = find('#shown')
    if (!slider || !shown) return
    const show = (): void => {
      const group = groups[slider.valueAsNumber]
      shown.replaceChildren(group.cloneNode(true))
      slider.setAttribute('aria-valuetext', group.querySelector('h3')?.textContent ?? '')
    }
    slider.addEventListener('input', show)
    show()
  }

  for (const element of document.querySelectorAll<HTMLElement>('[data-script]')) element.hidden = false
  for (const element of document.querySelectorAll<HTMLElement>('[data-no-script]')) element.hidden = true
  for (const details of document.querySelectorAll<HTMLDetailsElement>('#samples details')) details.open = false
  for (const input of document.querySelectorAll('input[name=across], input[name=axis]')) input.addEventListener('change', drawAll)
  find('#smoothing')?.addEventListener('input', () => {
    find('#smoothness')!.textContent = `${find<HTMLInputElement>('#smoothing')!.value} %`
    drawAll()
  })
  find('#download')?.addEventListener('click', download)
  for (const id of Object.keys(charts)) {
    const chart = find(`#${id} .chart`)
    if (!chart) continue
    chart.addEventListener('keydown', (event) => readByKey(id, event))
    let width = chart.clientWidth
    new ResizeObserver(() => {
      if (chart.clientWidth === width) return
      width = chart.clientWidth
      draw(id)
    }).observe(chart)
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  showSamples()
  drawAll()
}
