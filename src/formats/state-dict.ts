/** A state dict of PyTorch, of whatever module: which of its tensors are the embedding, the recurrent layers, the output. */
import { quoteName, type NamedTensor, type Safetensors } from './safetensors.js'
import { joinGates } from './separate-gates.js'

/** A language model's network, with its tensors by our names. */
export interface StateDict {
  readonly tensors: NamedTensor[]
  /** Gates of a layer: 1 of an RNN, 3 of a GRU, 4 of an LSTM. */
  readonly gates: 1 | 3 | 4
  readonly tokens: number
  readonly embedding: number
  readonly hidden: number
  readonly layers: number
  readonly tied: boolean
}

interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** What the parts are called in modules out there. The first are PyTorch's own examples'. */
const embeddingNames = /(?:^|\.)(?:encoder|embed\w*|emb|\w+_emb\w*|wte|lookup)\.weight$/i
const outputNames =
  /(?:^|\.)(?:decoder|out\w*|linear\w*|fc\w*|lm_head|head|proj\w*|classifier|dense|to_logits|h2o)\.(weight|bias)$/i
const recurrentNames = /^(?:(.*)\.)?(weight_ih|weight_hh|bias_ih|bias_hh)_l(\d+)$/
const ourNames = /^(?:embedding\.weight|rnn\.(?:weight|bias)_(?:ih|hh)_l\d+|output\.(?:weight|bias))$/

/**
 * Finds the parts by their names, and by their shapes where only one tensor can be meant. PyTorch's two biases are added up, in float32, as
 * far as only their sum counts. Gates that are tensors of their own are joined if they have RecurrentJS's names.
 *
 * Throws a sentence that names each tensor that has no place, or another shape than its place, and each that is missing.
 *
 * @param map by their name, ours; '' leaves a tensor out
 */
export function readStateDict(
  saved: Safetensors['tensors'],
  { map = {}, source }: { map?: Readonly<Record<string, string>>; source: string },
): StateDict {
  const problems: string[] = []
  const refuse = (): never => {
    throw new Error([`${source}: cannot be imported`, ...problems].join('\n  '))
  }
  const tensors = joinGates(saved, map, problems)
  const places = placesOf(tensors, map, problems)
  const at = (ours: string): Tensor | undefined => tensors.get(places.get(ours) ?? '')
  if (problems.length > 0) refuse()

  const layers = [...places.keys()].reduce((most, name) => Math.max(most, 1 + Number(/_l(\d+)$/.exec(name)?.[1] ?? -1)), 0)
  const [input, recurrent] = [at('rnn.weight_ih_l0'), at('rnn.weight_hh_l0')]
  for (const name of ['rnn.weight_ih_l0', 'rnn.weight_hh_l0']) if (!at(name)) problems.push(missing(name))
  if (layers > tensors.size)
    problems.push(`${layers.toLocaleString('en')} layers are named, and only ${tensors.size} tensors are there`)
  if (!input || !recurrent || problems.length > 0) return refuse()
  const [rows, hidden] = recurrent.shape
  const gates = rows / hidden
  if (recurrent.shape.length !== 2 || hidden < 1 || (gates !== 1 && gates !== 3 && gates !== 4)) {
    problems.push(
      `tensor ${quoteName(places.get('rnn.weight_hh_l0')!)} is [${recurrent.shape.join(', ')}]; must be [n · hidden, hidden], with n 1 (RNN), 3 (GRU) or 4 (LSTM)`,
    )
    return refuse()
  }
  const embedding = input.shape[1] ?? 0
  if (embedding < 1) {
    problems.push(
      `tensor ${quoteName(places.get('rnn.weight_ih_l0')!)} is [${input.shape.join(', ')}]; must be [${rows}, width of the embedding]`,
    )
    return refuse()
  }
  const [table, projection] = [at('embedding.weight'), at('output.weight')]
  // Whoever saves shared tensors keeps one name of them only.
  const tied = embedding === hidden && (!table || !projection || isSame(table, projection))
  const shared = table ?? projection
  if (!table && !(tied && shared)) problems.push(missing('embedding.weight'))
  if (!projection && !(tied && shared)) problems.push(missing('output.weight'))
  const tokens = shared?.shape[0] ?? 0

  const found: NamedTensor[] = []
  const take = (name: string, shape: readonly number[], tensor: Tensor | undefined): Float32Array => {
    if (tensor && tensor.shape.join() === shape.join()) return tensor.data
    if (!tensor) problems.push(missing(name))
    else {
      const theirs = [name, ...(tied ? ['embedding.weight', 'output.weight'] : [])].find((ours) => at(ours) === tensor)!
      problems.push(
        `tensor ${quoteName(places.get(theirs)!)} is [${tensor.shape.join(', ')}]; as ${name} it must be [${shape.join(', ')}]`,
      )
    }
    return new Float32Array()
  }
  const keep = (name: string, shape: readonly number[], tensor: Tensor | undefined): void => {
    found.push({ name, shape, data: take(name, shape, tensor) })
  }
  if (shared && (table || tied)) keep('embedding.weight', [tokens, embedding], shared)
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => `rnn.${part}_l${layer}`
    const width = gates * hidden
    keep(name('weight_ih'), [width, layer === 0 ? embedding : hidden], at(name('weight_ih')))
    keep(name('weight_hh'), [width, hidden], at(name('weight_hh')))
    const [first, second] = [at(name('bias_ih')), at(name('bias_hh'))]
    // A module made with bias=False has neither.
    const none = !first && !second ? { shape: [width], data: new Float32Array(width) } : undefined
    const biases = [take(name('bias_ih'), [width], none ?? first), take(name('bias_hh'), [width], none ?? second)] as const
    const [own, other] = addBiases(...biases, gates === 3 ? 2 * hidden : width)
    found.push({ name: name('bias_ih'), shape: [width], data: own }, { name: name('bias_hh'), shape: [width], data: other })
  }
  if (!tied && projection) keep('output.weight', [tokens, hidden], projection)
  if (shared) keep('output.bias', [tokens], at('output.bias') ?? { shape: [tokens], data: new Float32Array(tokens) })
  if (problems.length > 0) refuse()
  return { tensors: found, gates, tokens, embedding, hidden, layers, tied }
}

/** The sum of both biases and zeros, up to `length`; from there on each as it is, as a GRU's candidate has them. */
export function addBiases(first: Float32Array, second: Float32Array, length: number): [Float32Array, Float32Array] {
  return [first.map((value, i) => (i < length ? value + second[i] : value)), second.map((value, i) => (i < length ? 0 : value))]
}

/** By our name, theirs. */
function placesOf(
  tensors: Safetensors['tensors'],
  map: Readonly<Record<string, string>>,
  problems: string[],
): Map<string, string> {
  const places = new Map<string, string>()
  const left = new Set(tensors.keys())
  const put = (ours: string, theirs: string): void => {
    const taken = places.get(ours)
    if (taken !== undefined) {
      problems.push(
        `tensor ${quoteName(theirs)} would be ${ours}, as ${quoteName(taken)} is; leave one out with --map '${theirs}='`,
      )
    } else places.set(ours, theirs)
    left.delete(theirs)
  }
  for (const [theirs, ours] of Object.entries(map)) {
    if (!left.delete(theirs)) problems.push(`map: there is no tensor ${quoteName(theirs)}`)
    else if (ours !== '' && !ourNames.test(ours)) {
      problems.push(
        `map: ${quoteName(ours)} is none of our names; they are embedding.weight, rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0, the same for each layer, output.weight, output.bias`,
      )
    } else if (ours !== '') put(ours, theirs)
  }
  for (const theirs of left) {
    const [, , part, layer] = recurrentNames.exec(theirs) ?? []
    if (part) put(`rnn.${part}_l${Number(layer)}`, theirs)
  }
  // By name first, since a square matrix may be either; then by what is left.
  for (const theirs of left) if (embeddingNames.test(theirs) && isMatrix(tensors, theirs)) put('embedding.weight', theirs)
  for (const theirs of left) {
    const [, part] = outputNames.exec(theirs) ?? []
    if (part) put(`output.${part}`, theirs)
  }
  const widthOf = (ours: string): number | undefined => tensors.get(places.get(ours) ?? '')?.shape[1]
  for (const [ours, width] of [
    ['embedding.weight', widthOf('rnn.weight_ih_l0')],
    ['output.weight', widthOf('rnn.weight_hh_l0')],
  ] as const) {
    const fitting = [...left].filter((theirs) => isMatrix(tensors, theirs) && tensors.get(theirs)!.shape[1] === width)
    if (!places.has(ours) && fitting.length === 1) put(ours, fitting[0])
  }
  const vectors = [...left].filter((theirs) => tensors.get(theirs)!.shape.length === 1)
  if (vectors.length === 1 && !places.has('output.bias')) put('output.bias', vectors[0])
  for (const theirs of left) {
    problems.push(`tensor ${quoteName(theirs)} [${tensors.get(theirs)!.shape.join(', ')}] ${whyNot(theirs)}`)
  }
  return places
}

function whyNot(name: string): string {
  if (name.endsWith('_reverse')) return 'is of a network that reads backwards too; one that writes cannot'
  if (/weight_hr_l\d+$/.test(name)) return 'is the projection of an LSTM with proj_size; no cell here has one'
  return `has no place; say which with --map '${name}=OURS', or leave it out with --map '${name}='`
}

const isMatrix = (tensors: Safetensors['tensors'], name: string): boolean => tensors.get(name)!.shape.length === 2

const isSame = (a: Tensor, b: Tensor): boolean =>
  a.shape.join() === b.shape.join() && a.data.every((value, i) => Object.is(value, b.data[i]))

const missing = (name: string): string => `${name} is missing; say which tensor it is with --map THEIRS=${name}`
