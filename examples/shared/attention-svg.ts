/** Draws what a transducer looked at: a grid for each output, a column for each step that was read, a row for each token that was written. */

export interface Looked {
  readonly input: readonly string[]
  readonly tokens: readonly string[]
  /** A row for each token, a weight for each step of the input. */
  readonly attention: readonly (readonly number[])[]
}

const [cell, left, top, gap, margin] = [24, 40, 56, 20, 12]

// A picture in a page cannot know the page's colours, so it brings its ground with it, light or dark as the reader has it.
const style = `
  .ground { fill: #ffffff } text { fill: #1f2328 } .about { fill: #59636e } .grid { stroke: #d1d9e0; fill: none } .look { fill: #0a53b8 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #e6edf3 } .about { fill: #9198a1 } .grid { stroke: #3d444d } .look { fill: #6cb1ff }
  }`

export function attentionSvg(all: readonly Looked[]): string {
  const escaped = (text: string): string => text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  let x = margin
  const grids = all.map(({ input, tokens, attention }) => {
    const columns = input.map(
      (sign, s) => `<text x="${left + (s + 0.5) * cell}" y="${top - 8}" text-anchor="middle">${escaped(sign)}</text>`,
    )
    const rows = tokens.flatMap((token, t) => [
      `<text x="${left - 8}" y="${top + (t + 0.5) * cell + 5}" text-anchor="end">${escaped(token)}</text>`,
      ...attention[t].map((weight, s) => {
        const place = `x="${left + s * cell}" y="${top + t * cell}" width="${cell}" height="${cell}"`
        // What cannot be seen is not drawn.
        const look = weight < 0.005 ? '' : `<rect class="look" ${place} fill-opacity="${weight.toFixed(2)}"/>`
        return `${look}<rect class="grid" ${place}/>`
      }),
    ])
    const grid = `<g transform="translate(${x} 0)">${[...columns, ...rows].join('\n')}</g>`
    x += left + input.length * cell + gap
    return grid
  })
  const [width, height] = [x - gap + margin, top + Math.max(1, ...all.map(({ tokens }) => tokens.length)) * cell + margin]
  const about =
    'Letters from left to right, phonemes from top to bottom: the stronger a square, the more a phoneme looked at a letter.'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="14" role="img">`,
    '<title>How much each phoneme looked at each letter</title>',
    `<style>${style}\n</style>`,
    '<rect class="ground" width="100%" height="100%" rx="6"/>',
    `<text class="about" x="${margin}" y="22" font-size="13">${about}</text>`,
    ...grids,
    '</svg>\n',
  ].join('\n')
}
