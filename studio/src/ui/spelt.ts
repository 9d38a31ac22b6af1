/** A token as it is seen: white space has a sign. */
export const spelt = (token: string): string => token.replaceAll('\n', '↵').replaceAll(' ', '␣').replaceAll('\t', '⇥')
