/** Colours of the style sheet, for canvases. */
export const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
