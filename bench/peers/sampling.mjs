/**
 * Draws tokens as Unrolled's Sampler does: repetition penalty, temperature, topK, topP, minP, then one is drawn. No peer in JavaScript has
 * this but the first of them, so those who use one write it.
 */
export function sampler({ temperature = 1, topK, topP, minP, repetitionPenalty = 1, repetitionWindow = 64 }) {
  const recent = []
  return (logits) => {
    const scores = Float64Array.from(logits)
    for (const token of new Set(recent)) {
      scores[token] = scores[token] > 0 ? scores[token] / repetitionPenalty : scores[token] * repetitionPenalty
    }
    const highest = scores.reduce((a, b) => Math.max(a, b))
    const weights = scores.map((score) => Math.exp((score - highest) / temperature))
    const token = draw(topK || topP || minP ? filtered(weights, { topK, topP, minP }) : weights)
    if (repetitionPenalty !== 1) {
      recent.push(token)
      if (recent.length > repetitionWindow) recent.shift()
    }
    return token
  }
}

function filtered(weights, { topK = Infinity, topP = 1, minP = 0 }) {
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a])
  const kept = order.slice(0, topK)
  const sum = kept.reduce((all, token) => all + weights[token], 0)
  const least = minP * weights[kept[0]]
  const passing = new Float64Array(weights.length)
  let before = 0
  for (const token of kept) {
    if (before >= topP * sum || weights[token] < least) break
    passing[token] = weights[token]
    before += weights[token]
  }
  return passing
}

function draw(weights) {
  let left = Math.random() * weights.reduce((a, b) => a + b, 0)
  let last = 0
  for (let token = 0; token < weights.length; token++) {
    if (weights[token] === 0) continue
    last = token
    left -= weights[token]
    if (left < 0) return token
  }
  return last
}
