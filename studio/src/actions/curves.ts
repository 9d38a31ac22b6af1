/** How the curves are drawn. */
import { store, type ChartView } from '../state.js'

export const view = (patch: Partial<ChartView>): void => store.set({ chart: { ...store.state.chart, ...patch } })

export const forgetGhosts = (): void => store.set({ ghosts: [] })
