/**
 * A cell of one's own: the minimal gated unit (Zhou et al. 2016), ten lines, trained on a sentence at the speed of the built-in cells.
 */
import { defineCell, LanguageModel } from 'unrolled'

const minimalGatedUnit = defineCell({
  name: 'mgu',
  state: ({ hidden }) => ({ h: hidden }),
  // oxfmt-ignore
  parameters: ({ input, hidden }) => ({
    Wf: [input, hidden], Uf: [hidden, hidden], bf: [1, hidden],
    Wh: [input, hidden], Uh: [hidden, hidden], bh: [1, hidden],
  }),
  step(g, x, { h }, { Wf, Uf, bf, Wh, Uh, bh }) {
    const f = g.sigmoid(g.add(g.matmul(x, Wf), g.matmul(h, Uf), bf))
    const candidate = g.tanh(g.add(g.matmul(x, Wh), g.matmul(g.mul(f, h), Uh), bh))
    const next = g.add(g.mul(g.sub(1, f), h), g.mul(f, candidate))
    return { h: next, output: next }
  },
})

const text = 'the quick brown fox jumps over the lazy dog. '.repeat(40)
const model = LanguageModel.create({ text, cell: minimalGatedUnit, hidden: 48, layers: 1 })
console.log(String(model))

for await (const { step, steps, loss } of model.train({ steps: 200, streams: 4, window: 32, heldOut: 0 })) {
  if (step % 50 === 0) console.log(`step ${step} of ${steps}: ${loss.toFixed(3)} nats`)
}

let written = 'the '
for await (const token of model.generate({ prompt: 'the ', length: 60, temperature: 0.3 })) written += token
console.log(written)
