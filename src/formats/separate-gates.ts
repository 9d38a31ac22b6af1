/** Recurrent layers whose gates are matrices of their own, as RecurrentJS has them, as one of PyTorch's for each layer. */
import { quoteName, type Safetensors } from './safetensors.js'

type Tensors = Safetensors['tensors']
type Tensor = Tensors extends Map<string, infer T> ? T : never

/** In PyTorch's order: RecurrentJS's `c` is the candidate, PyTorch's `g`. An RNN has one, without a letter. */
const lstmGates = ['i', 'f', 'c', 'o']

const lstmNames = /^(?:.*\.)?(?:W([ifoc])([xh])|b([ifoc]))(\d*)$/
const rnnNames = /^(?:.*\.)?(?:W()([xh])h|b()hh)(\d*)$/
const renamed: Readonly<Record<string, string>> = { Wil: 'embedding.weight', Whd: 'output.weight', bd: 'output.bias' }

/** A part of a layer: the tensors of its gates, by letter. */
interface Part {
  readonly name: string
  readonly layer: string
  readonly byGate: Map<string, [theirs: string, tensor: Tensor]>
}

/**
 * `Wix0`, `Wih0`, `bi0` and the same with `f`, `o`, `c` for each layer of an LSTM; `Wxh0`, `Whh0`, `bhh0` for an RNN; `Wil`, the embedding;
 * `Whd` and `bd`, the output. All others stay. Gates that are missing, or of different shapes, are added to `problems`.
 *
 * @param tensors matrices [units, inputs]; biases [units] or [units, 1]
 * @param kept by name: those that stay whatever they are called
 */
export function joinGates(tensors: Tensors, kept: Readonly<Record<string, string>>, problems: string[]): Tensors {
  const free = [...tensors.keys()].filter((name) => !Object.hasOwn(kept, name))
  const isLstm = free.some((name) => lstmNames.test(name))
  // Without layers of these names, `bd` might be anything.
  if (!isLstm && !free.some((name) => rnnNames.test(name))) return tensors
  const parts = new Map<string, Part>()
  const joined = new Map<string, Tensor>()
  for (const [theirs, tensor] of tensors) {
    if (Object.hasOwn(kept, theirs)) {
      joined.set(theirs, tensor)
      continue
    }
    const match = (isLstm ? lstmNames : rnnNames).exec(theirs)
    const last = theirs.slice(theirs.lastIndexOf('.') + 1)
    if (match) {
      const [, ofWeight, side, ofBias, number] = match
      const kind = side === undefined ? 'bias_ih' : side === 'x' ? 'weight_ih' : 'weight_hh'
      const layer = number || '0'
      const name = `rnn.${kind}_l${layer}`
      const part: Part = parts.get(name) ?? { name, layer, byGate: new Map() }
      parts.set(name, part)
      part.byGate.set(ofWeight ?? ofBias, [theirs, tensor])
    } else if (Object.hasOwn(renamed, last)) {
      joined.set(renamed[last], last === 'bd' ? asVector(tensor) : tensor)
    } else joined.set(theirs, tensor)
  }
  for (const part of parts.values()) joinInto(joined, part, isLstm ? lstmGates : [''], problems)
  return joined
}

function joinInto(
  joined: Map<string, Tensor>,
  { name, layer, byGate }: Part,
  gates: readonly string[],
  problems: string[],
): void {
  const isBias = name.includes('bias')
  const absent = gates.filter((gate) => !byGate.has(gate))
  if (absent.length > 0) {
    const [some] = byGate.values()
    for (const gate of absent) problems.push(`layer ${layer}: has ${quoteName(some[0])}, and no such tensor of gate ${gate}`)
    return
  }
  const own = gates
    .map((gate) => byGate.get(gate)!)
    .map(([theirs, tensor]) => [theirs, isBias ? asVector(tensor) : tensor] as const)
  const [[firstName, first]] = own
  for (const [theirs, { shape }] of own) {
    if (shape.join() !== first.shape.join())
      problems.push(
        `tensor ${quoteName(theirs)} is [${shape.join(', ')}], and ${quoteName(firstName)} [${first.shape.join(', ')}]; must be alike`,
      )
  }
  const data = new Float32Array(own.reduce((sum, [, tensor]) => sum + tensor.data.length, 0))
  let at = 0
  for (const [, tensor] of own) {
    data.set(tensor.data, at)
    at += tensor.data.length
  }
  const [units, ...others] = first.shape
  const shape = [units * gates.length, ...others]
  joined.set(name, { shape, data })
  // A layer has one bias there.
  if (isBias) joined.set(name.replace('bias_ih', 'bias_hh'), { shape, data: new Float32Array(data.length) })
}

const asVector = (tensor: Tensor): Tensor =>
  tensor.shape.length === 2 && tensor.shape[1] === 1 ? { ...tensor, shape: [tensor.shape[0]] } : tensor
