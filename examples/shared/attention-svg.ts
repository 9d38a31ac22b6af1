/** Draws what a transducer looked at: a grid for each output, a column for each step that was read, a row for each token that was written. */

export interface Looked {
  readonly input: readonly string[]
  readonly tokens: readonly string[]
  /** A row for each token, a weight for each step of the input. */
  readonly attention: readonly (readonly number[])[]
}

const [cell, left, top] = [22, 44, 30]

export function attentionSvg(all: readonly Looked[]): string {
  const escaped = (text: string): string => text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  let x = 0
  const grids = all.map(({ input, tokens, attention }) => {
    const columns = input.map(
      (sign, s) => `<text x="${left + (s + 0.5) * cell}" y="${top - 8}" text-anchor="middle">${escaped(sign)}</text>`,
    )
    const rows = tokens.flatMap((token, t) => [
      `<text x="${left - 6}" y="${top + (t + 0.5) * cell + 4}" text-anchor="end">${escaped(token)}</text>`,
      ...attention[t].map(
        (weight, s) =>
          `<rect x="${left + s * cell}" y="${top + t * cell}" width="${cell - 1}" height="${cell - 1}" fill="#1c4f9c" fill-opacity="${weight.toFixed(3)}" stroke="#8884"/>`,
      ),
    ])
    const grid = `<g transform="translate(${x} 0)">${[...columns, ...rows].join('\n')}</g>`
    x += left + input.length * cell + 20
    return grid
  })
  const height = top + Math.max(...all.map(({ tokens }) => tokens.length)) * cell + 10
  const title = '<title>How much each phoneme looked at each letter</title>'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${x} ${height}" font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n${title}\n${grids.join('\n')}\n</svg>\n`
}
