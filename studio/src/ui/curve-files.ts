/** The curves as files: what is seen as a picture, all numbers as a table. */
import { colour } from '../colours.js'
import { curvesCsv } from '../curve-table.js'
import { h } from '../dom.js'
import { download } from '../download.js'
import { store } from '../state.js'

/** @param canvas what is saved as a picture */
export function curveFiles(canvas: () => HTMLCanvasElement | undefined): HTMLElement {
  const png = h('button', { onclick: () => savePicture(canvas()) }, 'Save PNG')
  const csv = h(
    'button',
    { onclick: () => download('loss.csv', new Blob([curvesCsv(store.state)], { type: 'text/csv' })) },
    'Save CSV',
  )
  store.watch(['points', 'ghosts'], ({ points, ghosts }) => {
    png.disabled = csv.disabled = points.length === 0 && ghosts.length === 0
  })
  return h('div', {}, png, csv)
}

function savePicture(canvas: HTMLCanvasElement | undefined): void {
  if (!canvas) return
  // The chart itself has no ground; a picture of it needs one.
  const picture = h('canvas', { width: canvas.width, height: canvas.height })
  const context = picture.getContext('2d')!
  context.fillStyle = colour('--paper')
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(canvas, 0, 0)
  picture.toBlob((blob) => blob && download('loss.png', blob))
}
