/** What needs Node: `unrolled/node`. */

export { readCorpus, type ReadCorpusOptions } from './corpus-files.js'
