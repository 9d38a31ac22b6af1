/** What a run writes down, for tests of what reads it. */
import type { RunConfig, StepLine } from '../../src/node/log.js'

export const config: RunConfig = {
  format: 'unrolled run',
  version: 1,
  model: { cell: 'lstm', hidden: 128, layers: 2, embedding: 64, dropout: 0, tied: false },
  vocabulary: { kind: 'characters', size: 65 },
  corpus: { sources: ['moby.txt'], tokens: 1_200_000, characters: 1_200_000, documents: null },
  training: { streams: 16, window: 64, optimizer: 'adam', learningRate: 0.005, steps: 2400, seed: 1 },
  kernels: 'relaxed',
  parameters: 230_912,
  unrolled: '0.1.0',
  node: '20.20.2',
}

/** A line as a step writes it; a step takes 0.1 s. */
export const stepLine = (step: number, rest: Partial<StepLine> = {}): StepLine => ({
  event: 'step',
  step,
  epoch: step / 1000,
  loss: 2,
  learningRate: 0.005,
  gradientNorm: 0.8,
  clippedShare: 0.1,
  tokensPerSecond: 400_000,
  seconds: step / 10,
  ...rest,
})

/** Everything that has ever ended a script, an element or an attribute too early. */
export const hostile =
  `</script><script>hacked = 1</script><img src=x onerror="hacked = 2"></pre></style></title><!--<script>]]>` +
  `"' onmouseover='hacked = 3' \u2028\u2029 \${hacked} {{hacked}} &lt;b&gt; \\u003c <svg/onload=hacked=4>`
