/** Whether somebody can see a part of the page: what nobody sees is not calculated. */
export function watchVisible(element: Element, change: (isVisible: boolean) => void): void {
  new IntersectionObserver((entries) => change(entries.at(-1)!.isIntersecting), { rootMargin: '100px' }).observe(element)
}
