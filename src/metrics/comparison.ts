/** A network's numbers beside the baselines', for people. */
import type { Baselines } from './baselines.js'
import type { Measure } from './measure.js'

/**
 * A table in plain text, best baseline first:
 *
 * ```
 * 60,656 predicted tokens  nats/token  bits/character  perplexity
 * network                      1.3000          1.8755        3.67
 * Kneser–Ney 5-gram            1.4472          2.0879        4.25
 * unigram                      3.0655          4.4226       21.44
 * uniform                      4.4886          6.4757       89.00
 * ```
 *
 * Without a training text there is only the uniform one. Throws if the network and the baselines did not predict equally many tokens: such numbers do not compare.
 */
export function comparisonTable(
  network: Measure,
  { kneserNey, unigram, uniform, order }: Pick<Baselines, 'uniform'> & Partial<Baselines>,
): string {
  if (network.tokens !== uniform.tokens) {
    throw new Error(
      `tokens: the network predicted ${count(network.tokens)}, the baselines ${count(uniform.tokens)}; must be the same ones`,
    )
  }
  const all: [string, Measure | undefined][] = [
    ['network', network],
    [`Kneser–Ney ${order}-gram`, kneserNey],
    ['unigram', unigram],
    ['uniform', uniform],
  ]
  const models = all.filter((row): row is [string, Measure] => row[1] !== undefined)
  const rows = [
    [`${count(network.tokens)} predicted tokens`, 'nats/token', 'bits/character', 'perplexity'],
    ...models.map(([name, { nats, bitsPerCharacter, perplexity }]) => [
      name,
      nats.toFixed(4),
      bitsPerCharacter.toFixed(4),
      decimals(perplexity),
    ]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  const line = ([name, ...numbers]: string[]) =>
    [name.padEnd(widths[0]), ...numbers.map((number, i) => number.padStart(widths[i + 1]))].join('  ')
  return rows.map(line).join('\n')
}

const count = (n: number) => n.toLocaleString('en-US')
const decimals = (n: number) => n.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
