/** What an output is made of. */
import type { SequenceInput } from '../series/sequences.js'
import { graphemes } from '../text/graphemes.js'
import { splitWords } from '../text/words.js'
import type { TextTokens } from './options.js'

/** Inputs that are alike have the same. */
export const inputKey = (input: SequenceInput): string => JSON.stringify(input)

export const outputTokensOf = (output: string | readonly string[], tokens: TextTokens): string[] =>
  typeof output === 'string' ? (tokens === 'words' ? splitWords(output) : graphemes(output)) : [...output]
