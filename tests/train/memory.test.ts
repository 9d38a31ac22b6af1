// What is said before a training of the memory it will take, beside what its program takes.
import { expect, test } from 'vitest'
import { createEngine, Graph, LanguageNetwork } from '../../src/index.js'
import { keptOfWindow } from '../../src/language/sizes.js'
import { resolveCell } from '../../src/nn/named-cells.js'

const engine = createEngine({ kernels: 'plain' })

/** Bytes of the arena of a forward and backward pass. */
function arenaOf(name: 'rnn' | 'gru' | 'lstm', { hidden, layers, window, batch, tokens, recompute }: typeof sizes): number {
  const options = { tokens, cell: resolveCell(name), embedding: hidden, hidden, layers, dropout: 0, tied: false, seed: 1, engine }
  const network = new LanguageNetwork(options)
  const g = new Graph({ engine, values: 'kept' })
  const { logits } = network.forward(g, g.indices(window * batch), { state: network.recurrent.zeroState(g, batch), recompute })
  g.backward(g.keep(g.crossEntropy(logits, g.indices(window * batch))), { wrt: network.parameters })
  const [{ end, base }] = g.execution.programs
  return (end - base) / batch
}

const sizes = { hidden: 48, layers: 2, window: 120, batch: 4, tokens: 30, recompute: undefined as number | undefined }

test.each(['rnn', 'gru', 'lstm'] as const)('%s: it is about what the program takes, with everything kept and without', (cell) => {
  for (const own of [sizes, { ...sizes, layers: 3 }, { ...sizes, recompute: 12 }]) {
    const { hidden, tokens } = own
    const said = keptOfWindow(resolveCell(cell), { ...own, embedding: hidden } as never, tokens, own)
    const ratio = said / arenaOf(cell, own)
    expect(ratio, JSON.stringify(own)).toBeGreaterThan(0.7)
    expect(ratio, JSON.stringify(own)).toBeLessThan(1.6)
  }
})
