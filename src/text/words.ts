/** A sentence as words, the way the Penn Treebank writes English. */

const letter = String.raw`[\p{L}\p{M}\p{N}_]`
const apostrophe = `['’]`

/** Words that are two, written as one. */
const contractions = ['can not', "d 'ye", 'gim me', 'gon na', 'got ta', 'lem me', "more 'n", 'wan na']

/**
 * Where a space goes in, rule after rule: each relies on those before it. No rule takes a sign away, and none looks further
 * than a few signs, but for the one about the end.
 */
const rules: readonly (readonly [RegExp, string])[] = [
  // 'hello → ' hello, but not 'm or 'll, which hang on the word before.
  [new RegExp(`(?<!${letter})${apostrophe}(?=${letter})(?!(?:ll|re|ve|[dmnst])(?!${letter}))`, 'giu'), '$& '],
  // The full stop that ends the text, also when quotes or brackets close after it. Any other belongs to its word: u.s., 3.5.
  [/(?<=[^.])\.(?=[\])}>"'’”»\s]*$)/u, ' . '],
  // 1,000 and 3:30 stay whole.
  [/[:,](?!\p{Nd})/gu, ' $& '],
  // Runs that are one sign.
  [/\.{2,}|--|`+|''|’’/g, ' $& '],
  // Signs that stand alone. U+2012 to U+2015 are dashes.
  [/[;@#$%&?!*"“”„‘«»…()[\]{}<>\u2012-\u2015]/g, ' $& '],
  // dogs' → dogs ', and only then it's → it 's, aren't → are n't, so that 'it's' ends as "it's" does.
  [new RegExp(`(?<=[^'’\\s])${apostrophe}(?=\\s|$)`, 'gu'), ' $&'],
  [new RegExp(`(?<=[^'’\\s])(?:${apostrophe}(?:ll|re|ve|[dms])|n${apostrophe}t)(?=\\s|$)`, 'giu'), ' $&'],
  // With no hyphen after it: wanna-be stays whole.
  ...contractions.map((words): [RegExp, string] => {
    const [first, second] = words.replace("'", apostrophe).split(' ')
    return [new RegExp(`(?<!${letter})(${first})(${second})(?!${letter}|-)`, 'giu'), ' $1 $2 ']
  }),
]

/**
 * The words and signs of one sentence, as nltk's `word_tokenize` splits them: `i'm used to.` is `i 'm used to .`, `aren't` is
 * `are n't`, `cannot` is `can not`. Signs are tokens of their own; `1,000`, `3.5`, `u.s.` and `well-known` stay whole. A full
 * stop is split off only at the end, so split a text into sentences first. Whatever no rule splits is a word, in any script.
 *
 * The tokens have every sign of the text but its space. Unlike nltk's, straight double quotes stay as they are and do not become
 * pairs of backquotes and apostrophes; `’` is an apostrophe like `'` and stays as written (`i’m` is `i ’m`); and `…` is split
 * off like `...`.
 */
export function splitWords(text: string): string[] {
  let spaced = text
  for (const [pattern, replacement] of rules) spaced = spaced.replace(pattern, replacement)
  return spaced.split(/\s+/).filter((word) => word !== '')
}
