import { readFile } from 'node:fs/promises'
import { LanguageModel } from 'unrolled'

const text = await readFile('my.txt', 'utf8')
const model = LanguageModel.create({ text, hidden: 32, layers: 1 })

for await (const { step, loss, validation } of model.train({ steps: 30 })) {
  if (validation) console.log(`step ${step}: loss ${loss.toFixed(3)}, held-out text ${validation.nats.toFixed(3)}`)
}

for await (const token of model.generate({ prompt: 'the ', length: 50 })) process.stdout.write(token)
process.stdout.write('\n')

await model.save('model.safetensors')
const again = await LanguageModel.load('model.safetensors')
console.log(String(again))
