/** Options that do not exist are refused: what is mistyped would otherwise do nothing, unseen. */
import { distance } from 'fastest-levenshtein'

/** Every option of a kind, by name. The type keeps the list whole. */
export type Names<Options extends object> = Readonly<Record<keyof Required<Options>, true>>

/**
 * Throws a sentence on the first option that there is not, with the nearest that there is.
 *
 * @param call what was called, for the message
 */
export function refuseUnknown<Options extends object>(call: string, options: Options, names: Names<Options>): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue
    const meant = nearest(name, Object.keys(names))
    throw new Error(`${call}: '${name}' is not an option${meant ? `; did you mean '${meant}'?` : ''}`)
  }
}

/** The nearest of these, if one is near enough to have been meant. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, far: distance(text.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.far - b.far)
  return best && best.far <= Math.max(2, Math.ceil(best.name.length / 3)) ? best.name : undefined
}
