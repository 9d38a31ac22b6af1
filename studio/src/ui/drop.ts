/** What is dropped on the page, anywhere: what is dropped beside a box would otherwise take the page's place. */
import { openModel } from '../actions/keeping.js'
import { chooseText, type } from '../actions/text.js'

export function takeDrops(): void {
  document.addEventListener('dragover', (event) => event.preventDefault())
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    const file = event.dataTransfer?.files[0]
    const text = event.dataTransfer?.getData('text/plain')
    if (file && /\.(safetensors|json)$/i.test(file.name)) void openModel(file)
    else if (file) chooseText({ kind: 'file', file })
    else if (text) type(text)
  })
}
