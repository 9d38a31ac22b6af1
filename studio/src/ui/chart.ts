/** What all charts have in common. */
import uPlot from 'uplot'
import { colour } from '../colours.js'
import { h } from '../dom.js'

export const isDark = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)')

export const axisLook = (label: string, size?: number): uPlot.Axis => ({
  label,
  labelSize: 18,
  labelFont: '12px system-ui',
  font: '12px system-ui',
  ...(size && { size }),
  stroke: colour('--soft'),
  grid: { stroke: colour('--rule'), width: 1 },
  ticks: { stroke: colour('--rule'), width: 1 },
})

/** A place where a chart is drawn, made anew when its shape changes, and as wide as there is room. */
export class ChartPlace {
  readonly element: HTMLElement
  #chart: uPlot | undefined
  #shape = ''

  /**
   * @param empty what stands there before there is anything to draw
   * @param draw called when there is room for the first time, and when colours change
   */
  constructor(label: string, height: number, empty: string, draw: () => void) {
    this.element = h('div', { class: 'chart', role: 'img', 'aria-label': label, 'data-empty': empty })
    new ResizeObserver(() => {
      if (this.#chart) this.#chart.setSize({ width: this.element.clientWidth, height })
      else draw()
    }).observe(this.element)
    isDark().addEventListener('change', draw)
  }

  /** @param shape what of the data needs another chart; otherwise only the data change */
  show(data: uPlot.AlignedData, shape: string, options: () => Omit<uPlot.Options, 'width'>): void {
    const width = this.element.clientWidth
    if (width === 0) return
    const whole = `${shape} ${isDark().matches}`
    if (this.#chart && whole === this.#shape) return this.#chart.setData(data)
    this.#chart?.destroy()
    this.#chart = new uPlot({ ...options(), width }, data, this.element)
    this.#shape = whole
  }

  get canvas(): HTMLCanvasElement | undefined {
    return this.#chart?.ctx.canvas
  }
}
