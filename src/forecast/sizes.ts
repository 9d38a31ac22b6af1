/** What a network of forecasts would have, before there is one. */
import { layerSizes, type Cell } from '../nn/cell.js'
import { aheadWidth, inputWidth } from '../series/forecast-spec.js'
import type { ForecastConfig } from './file.js'
import type { ForecastNetworkOptions } from './network.js'

type Sizes = Omit<ForecastNetworkOptions, 'dropout' | 'seed' | 'engine'>

/** What a configuration means for the network. */
export function sizesOf({ spec, head, band, hidden, layers }: ForecastConfig, cell: Cell): Sizes {
  return {
    inputs: inputWidth(spec),
    ahead: aheadWidth(spec),
    targets: spec.targets.length,
    horizon: spec.horizon,
    head,
    quantiles: head === 'quantile' ? [(1 - band) / 2, 0.5, (1 + band) / 2] : [],
    cell,
    hidden,
    layers,
  }
}

/** Numbers of the head, of one step ahead. */
const outputs = ({ targets, head, quantiles }: Sizes): number =>
  targets * (head === 'quantile' ? quantiles.length : head === 'gaussian' ? 2 : 1)

const halves = ({ cell, inputs, ahead, hidden, layers }: Sizes) => ({
  encoder: layerSizes(cell, { input: inputs, hidden, layers }),
  decoder: layerSizes(cell, { input: ahead, hidden, layers: 1 }),
})

export function parameterCount(sizes: Sizes): number {
  const { cell, ahead, hidden } = sizes
  const { encoder, decoder } = halves(sizes)
  const carried = Object.values(cell.state({ input: ahead, hidden })).reduce((sum, width) => sum + width, 0)
  return encoder.parameters + decoder.parameters + (hidden + 1) * carried + (hidden + ahead + 1) * outputs(sizes)
}

/**
 * How many numbers a window keeps for the way back, about: a decoder runs from each of its steps, over the whole horizon.
 *
 * @param recompute after how many steps the state is kept, and not what lies between
 */
export function keptOfWindow(
  sizes: Sizes,
  { window, recompute = Infinity }: { readonly window: number; readonly recompute?: number },
): number {
  const { inputs, ahead, targets, horizon, hidden } = sizes
  const { encoder, decoder } = halves(sizes)
  const ofStepAhead = decoder.columns + hidden + 2 * ahead + 2 * outputs(sizes) + 2 * targets
  const outside = window * (inputs + horizon * ofStepAhead)
  if (recompute >= window) return outside + encoder.columns * window
  return outside + 2 * hidden * window + encoder.state * Math.ceil(window / recompute) + encoder.columns * recompute
}
