/**
 * A training as a file: a model's `.safetensors` with more tensors in it (what the optimizer remembers, `optimizer.*`, the carried
 * state, `state.*`, and where they are kept the weights of the best validation, `best.*`), more metadata (`training`), and a checksum.
 */
import type { Matrix } from '../graph/matrix.js'
import type { Floats } from '../run/engine.js'
import { readTensors, toTensors, type TensorMapping } from '../formats/pytorch.js'
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../formats/safetensors.js'
import { checkSeal, seal, unsealed } from '../formats/seal.js'
import type { LoopState } from './loop.js'
import type { Snapshot } from './snapshot.js'
import { parsed } from '../formats/metadata.js'
import { checkHistory, checkValidated } from './history.js'

/** What must be the same for a training to go on from a checkpoint exactly. */
export interface Fingerprint {
  readonly rule: string
  readonly batch: number
  readonly shards: number
  readonly windowsPerEpoch: number
  readonly seed: number
  readonly kernels: string
}

/** What a checkpoint has to know of the network that is trained. */
export interface KeptNetwork {
  /** How its parameters are named and laid out in a file. */
  readonly tensors: readonly TensorMapping[]
  /** The width of each carried matrix: by layer, by name. */
  readonly stateSizes: readonly Readonly<Record<string, number>>[]
}

export interface Checkpoint {
  readonly snapshot: Snapshot
  readonly state: LoopState
  /** Into how many shards the batch was cut. */
  readonly shards: number
  /** The weights of the best validation, where they are kept and there was one. */
  readonly best?: ReadonlyMap<Matrix, Floats>
}

interface Training extends Pick<Snapshot, 'step' | 'schedule' | 'rateFactor'> {
  readonly state: LoopState
  readonly fingerprint: Fingerprint
}

/** The tensors of parameters, and not those that can only be what they are. */
const ownTensors = (network: KeptNetwork) => network.tensors.filter(({ target }) => target)

/** @param metadata what a model's file says beside its tensors */
export function encodeCheckpoint(
  network: KeptNetwork,
  metadata: Readonly<Record<string, string>>,
  { snapshot, state, best, fingerprint }: Omit<Checkpoint, 'shards'> & { readonly fingerprint: Fingerprint },
): Uint8Array {
  const { step, schedule, rateFactor, slots, carried } = snapshot
  const tensors: NamedTensor[] = toTensors(network.tensors)
  for (const [slot, values] of Object.entries(slots)) {
    for (const tensor of toTensors(ownTensors(network), (matrix) => values.get(matrix)!)) {
      tensors.push({ ...tensor, name: `optimizer.${slot}.${tensor.name}` })
    }
  }
  carried.forEach((layer, index) => {
    for (const [name, values] of Object.entries(layer)) {
      const shape = [fingerprint.batch, values.length / fingerprint.batch]
      tensors.push({ name: `state.${index}.${name}`, shape, data: Float32Array.from(values) })
    }
  })
  for (const tensor of best ? toTensors(ownTensors(network), (matrix) => best.get(matrix)!) : []) {
    tensors.push({ ...tensor, name: `best.${tensor.name}` })
  }
  const training: Training = { step, schedule, rateFactor, state, fingerprint }
  return seal(encodeSafetensors(tensors, { sha256: unsealed, ...metadata, training: JSON.stringify(training) }))
}

/**
 * Throws a sentence if the file is torn, changed, or no checkpoint of a training like this one.
 *
 * @param like what the training that goes on from it is like; of its fingerprint, what has to be the same
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  source: string,
  {
    network,
    slots,
    fingerprint,
  }: { network: KeptNetwork; slots: readonly string[]; fingerprint: Partial<Fingerprint> & Pick<Fingerprint, 'batch'> },
): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  if (metadata.training === undefined) throw new Error(`${source}: is no checkpoint; there is no training to go on with in it`)
  checkSeal(bytes, source)
  const training = parsed(metadata.training, source, 'training', checkTraining)
  for (const [name, here] of Object.entries(fingerprint)) {
    const there = training.fingerprint[name as keyof Fingerprint]
    if (there === here) continue
    // The file may say anything there; a text, as it is when all is well, needs no quotes.
    const json = JSON.stringify(there)
    const told = typeof there === 'string' ? json.slice(1, -1) : json
    throw new Error(`${source}: was made with ${name} ${told}; this training has ${here}`)
  }
  const valuesOf = (prefix: string) => readTensors(ownTensors(network), tensors, source, prefix)
  const stateOf = (name: string, width: number): Float32Array => {
    const data = tensors.get(name)?.data
    if (data?.length === fingerprint.batch * width) return data
    throw new Error(`${source}: tensor '${name}' has ${data?.length ?? 'no'} values; must be ${fingerprint.batch * width}`)
  }
  const slotOf = (slot: string) => {
    const values = valuesOf(`optimizer.${slot}.`)
    const negative = sumsOfSquares.has(slot) && [...values.values()].some((own) => own.some((value) => value < 0))
    if (negative) throw new Error(`${source}: optimizer.${slot} has a value below 0; sums of squares have none`)
    return values
  }
  const snapshot: Snapshot = {
    step: training.step,
    weights: valuesOf(''),
    slots: Object.fromEntries(slots.map((slot) => [slot, slotOf(slot)])),
    carried: network.stateSizes.map((sizes, layer) =>
      Object.fromEntries(Object.entries(sizes).map(([name, width]) => [name, stateOf(`state.${layer}.${name}`, width)])),
    ),
    schedule: training.schedule,
    rateFactor: training.rateFactor,
  }
  const best = [...tensors.keys()].some((name) => name.startsWith('best.')) ? valuesOf('best.') : undefined
  return { snapshot, state: training.state, best, shards: training.fingerprint.shards }
}

/** Leaves of a file's tensors those of the model. */
export function dropTrainingTensors(tensors: Map<string, unknown>): void {
  for (const name of tensors.keys()) if (/^(optimizer|state|best)\./.test(name)) tensors.delete(name)
}

/** Slots of our rules that a root is taken of. */
const sumsOfSquares: ReadonlySet<string> = new Set(['second', 'squares'])

function checkTraining(value: unknown): Training {
  const { step, schedule, rateFactor, state, fingerprint } = objectOf('training', value) as unknown as Training
  const { seconds, smoothed, best, validationsSinceBest, retried, history } = objectOf('state', state) as unknown as LoopState
  // Of before there were shards, there was one.
  const whole = { shards: 1, ...objectOf('fingerprint', fingerprint) } as Fingerprint
  for (const [name, count] of Object.entries({ step, validationsSinceBest, retried })) {
    if (!Number.isSafeInteger(count) || count < 0) throw new Error(`${name}: ${String(count)}; must be a whole number, 0 or more`)
  }
  if (!(rateFactor > 0 && rateFactor <= 1)) throw new Error(`rateFactor: ${String(rateFactor)}; must be above 0, at most 1`)
  if (!(seconds >= 0)) throw new Error(`seconds: ${String(seconds)}; must be 0 or more`)
  if (smoothed !== null && typeof smoothed !== 'number') throw new Error('smoothed: must be a number, or null')
  const validated = best === null ? null : checkValidated(best)
  const checked = { seconds, smoothed, best: validated, validationsSinceBest, retried, history: checkHistory(history) }
  return { step, schedule, rateFactor, state: checked, fingerprint: whole }
}

function objectOf(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${name}: must be an object`)
  return value as Record<string, unknown>
}
