/** A table in Markdown, aligned: numbers to the right, words to the left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = head.map((name, i) => {
    const cells = rows.map((row) => row[i])
    const isNumeric = cells.every((cell) => /^(–|-?\d.*)?$/.test(cell))
    const width = Math.max(3, ...[name, ...cells].map(({ length }) => length))
    return {
      rule: isNumeric ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
      pad: (cell: string) => (isNumeric ? cell.padStart(width) : cell.padEnd(width)),
    }
  })
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => columns[i].pad(cell)).join(' | ')} |`
  return [line(head), line(columns.map(({ rule }) => rule)), ...rows.map(line)].join('\n')
}
