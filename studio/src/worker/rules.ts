/** The optimizers by their names on the page: the package's own. */
export { optimizers as rules } from 'unrolled'
