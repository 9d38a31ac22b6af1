/** Parts of a Markdown file that a program writes, between marks that do not show. */

const begin = (name: string): string => `<!-- ${name}: made by npm run bench:report -->`
const end = (name: string): string => `<!-- end of ${name} -->`

/** The text with other content between the marks of this name. Errors: a mark is not there, or twice, or they are the wrong way round. */
export function replaced(text: string, name: string, content: string): string {
  const [first, last] = [begin(name), end(name)].map((mark) => {
    const [before, ...rest] = text.split(mark)
    if (rest.length !== 1)
      throw new Error(`'${mark}': is there ${rest.length === 0 ? 'not at all' : `${rest.length} times`}; expected once`)
    return before.length
  })
  if (last < first) throw new Error(`'${end(name)}': stands before its beginning`)
  return `${text.slice(0, first)}${begin(name)}\n\n${content}\n\n${text.slice(last)}`
}
