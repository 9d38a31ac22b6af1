/** The texts that come with the page: files of `corpora/`, by name. */
export const corpora: Readonly<Record<string, { readonly label: string; readonly documents: boolean }>> = {
  prose: { label: 'Prose: Moby Dick', documents: false },
  names: { label: 'Names', documents: true },
  sentences: { label: 'Sentences: proverbs', documents: true },
}

/** What a text is called on the page. */
export const textLabel = (name: string): string => corpora[name]?.label.replace(/^.*: /, '') ?? name
