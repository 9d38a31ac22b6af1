/** Elements in one expression. */

type Child = Node | string | false | undefined

/** Attributes as in HTML; a function is a listener (`onclick`), `true` an attribute without a value, `false` and undefined none. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined | ((event: never) => unknown)>>

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else if (value !== undefined) setAttribute(element, name, value)
  }
  element.append(...children.filter((child) => child !== false && child !== undefined))
  return element
}

export function setAttribute(element: Element, name: string, value: string | number | boolean): void {
  if (value === false) element.removeAttribute(name)
  else if (value === true) element.setAttribute(name, '')
  else element.setAttribute(name, String(value))
}

/** Sets a text only where it is another one, so that nothing is laid out, or read aloud, for nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}
