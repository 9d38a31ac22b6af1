/** What can be changed while it trains. */
import { live } from '../actions/choices.js'
import { liveRanges } from '../settings.js'
import { store } from '../state.js'
import { logarithmicSlider } from './slider.js'

export function rateSlider(): HTMLElement {
  const { element, show } = logarithmicSlider({ label: 'Learning rate', ...liveRanges.rate, change: (rate) => live({ rate }) })
  store.watch(['live'], ({ live: now }) => show(now.rate))
  return element
}
