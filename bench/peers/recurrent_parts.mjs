/** What the programs on the package recurrent-js share. */
import recurrent from 'recurrent-js'

export const { Graph, LSTM, Mat } = recurrent

export function softmax(scores, probabilities) {
  const highest = scores.reduce((a, b) => Math.max(a, b))
  let sum = 0
  for (let i = 0; i < scores.length; i++) {
    probabilities[i] = Math.exp(scores[i] - highest)
    sum += probabilities[i]
  }
  for (let i = 0; i < scores.length; i++) probabilities[i] /= sum
}

// The package has this as Solver, but does not export it, and its cache is sized by fields that its Mats no longer have: every
// weight would become NaN.
export function rmsprop({ w, dw }, cache, learningRate, clip, l2) {
  for (let i = 0; i < w.length; i++) {
    cache[i] = cache[i] * 0.999 + (1 - 0.999) * dw[i] * dw[i]
    const clipped = Math.max(-clip, Math.min(clip, dw[i]))
    w[i] += (-learningRate * clipped) / Math.sqrt(cache[i] + 1e-8) - l2 * w[i]
    dw[i] = 0
  }
}
