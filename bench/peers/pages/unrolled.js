import { LanguageModel } from 'unrolled'

const model = LanguageModel.create({ text: document.querySelector('textarea').value, hidden: 128 })
for await (const { step, loss } of model.train({ epochs: 1 })) document.title = `${step}: ${loss}`
