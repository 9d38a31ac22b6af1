/**
 * The safetensors format of Hugging Face, as far as Unrolled needs it: float32 tensors and a table of strings.
 *
 *     u64 length of the header · header: JSON, padded with spaces · the tensors' data, one after another, without gaps
 *
 * Everything is little-endian. Typed arrays are copied as they lie in memory, so the host must be little-endian too, as
 * every machine is that runs Node or a browser today.
 */

import { refuseUnknown } from '../options/known.js'

/** A tensor by its name; `data` holds shape[0] · shape[1] · … values, row-major. A shape of [] is a single value. */
export interface NamedTensor {
  name: string
  shape: readonly number[]
  data: Float32Array
}

/** What a file holds. The tensors are in the order of their data. */
export interface Safetensors {
  tensors: Map<string, { shape: readonly number[]; data: Float32Array }>
  metadata: Record<string, string>
}

// The limit of the reference implementation: a file beyond it could not be read by anybody else.
const maxHeader = 100_000_000
const metadataKey = '__metadata__'

/**
 * Writes tensors in the order given; the same arguments give the same bytes. Values are kept to the bit, NaN and infinity
 * too: a network that diverged can be saved to be looked at, but `decodeSafetensors` reads it only if told to.
 *
 * Throws when a name occurs twice or is `__metadata__`, when a shape and its data disagree, and when the header would be
 * longer than the format allows.
 */
export function encodeSafetensors(tensors: Iterable<NamedTensor>, metadata: Record<string, string> = {}): Uint8Array {
  const list = [...tensors]
  const names = new Set([metadataKey])
  const entries: string[] = []
  // The JSON is put together entry by entry, since an object would move names such as '10' to the front.
  const entry = (name: string, value: unknown) => entries.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`)

  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw new Error(`metadata: ${quoteName(key)} is ${typeof value}; must be a string`)
  }
  if (Object.keys(metadata).length > 0) entry(metadataKey, metadata)
  let end = 0
  for (const { name, shape, data } of list) {
    if (names.has(name)) throw new Error(`tensor ${quoteName(name)}: this name is taken; every tensor needs its own`)
    if (!shape.every(isSize) || product(shape) !== data.length) {
      throw new Error(`tensor ${quoteName(name)}: shape ${show(shape)} does not describe ${count(data.length)} values`)
    }
    names.add(name)
    entry(name, { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] })
    end += data.byteLength
  }

  const json = new TextEncoder().encode(`{${entries.join(',')}}`)
  // Padded to 8 bytes, so that a reader may map the data in place, aligned.
  const headerLength = Math.ceil(json.length / 8) * 8
  if (headerLength > maxHeader) {
    throw new Error(`header: ${count(headerLength)} bytes of names and metadata; at most ${count(maxHeader)} can be written`)
  }
  const bytes = new Uint8Array(8 + headerLength + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true)
  bytes.fill(0x20, 8, 8 + headerLength)
  bytes.set(json, 8)
  let position = 8 + headerLength
  for (const { data } of list) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position)
    position += data.byteLength
  }
  return bytes
}

/**
 * Reads a whole file or nothing. The bytes may come from anyone: whatever is wrong with them, the answer is one Error
 * whose message starts with `source` and says what. The tensors are copies, so `bytes` may be reused.
 *
 * @param source what messages call the file; default 'file'
 * @param options.allowNonFinite accept NaN and infinity; default false, since one such weight makes every output NaN
 */
export function decodeSafetensors(bytes: Uint8Array, source = 'file', options: { allowNonFinite?: boolean } = {}): Safetensors {
  refuseUnknown('decodeSafetensors', options, { allowNonFinite: true })
  const { allowNonFinite = false } = options
  const wrong = (what: string) => new Error(`${source}: ${what}`)

  const { header, dataStart } = readHeader(bytes, wrong)
  const dataLength = bytes.length - dataStart
  const metadata = readMetadata(header.get(metadataKey) ?? {}, wrong)
  header.delete(metadataKey)

  const entries = [...header].map(([name, entry]) => readEntry(name, entry, dataLength, wrong))
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end)
  // Each tensor must start where the one before it ends: no byte belongs to two tensors, or to none.
  let position = 0
  for (const { name, begin, end } of entries) {
    if (begin < position) throw wrong(`the data of tensor ${quoteName(name)} overlaps another tensor's`)
    if (begin > position) throw wrong(`${count(begin - position)} bytes before tensor ${quoteName(name)} belong to no tensor`)
    position = end
  }
  if (position < dataLength) throw wrong(`the last ${count(dataLength - position)} bytes belong to no tensor`)

  const tensors: Safetensors['tensors'] = new Map()
  for (const { name, shape, begin, end } of entries) {
    // Copied through bytes, because the data need not be aligned to 4 in the file, and because a Buffer's slice is no copy.
    const data = new Float32Array((end - begin) / 4)
    new Uint8Array(data.buffer).set(bytes.subarray(dataStart + begin, dataStart + end))
    const bad = allowNonFinite ? -1 : data.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) throw wrong(`tensor ${quoteName(name)} has ${data[bad]} at index ${count(bad)}; weights must be finite`)
    tensors.set(name, { shape, data })
  }
  return { tensors, metadata }
}

type Wrong = (what: string) => Error

function readHeader(bytes: Uint8Array, wrong: Wrong) {
  if (bytes.length < 8) throw wrong(`${bytes.length} bytes; a safetensors file has at least 8`)
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > maxHeader) {
    throw wrong(
      `the header would be ${length.toLocaleString('en-US')} bytes, more than the format allows; not a safetensors file`,
    )
  }
  const dataStart = 8 + Number(length)
  if (dataStart > bytes.length) {
    throw wrong(`cut short: the header is ${count(Number(length))} bytes, but only ${count(bytes.length - 8)} are there`)
  }

  let json: string
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart))
  } catch {
    throw wrong('the header is not valid UTF-8')
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    throw wrong('the header is not valid JSON')
  }
  if (!isObject(parsed)) throw wrong('the header is not a JSON object')
  const twice = repeatedKey(json)
  if (twice !== undefined) throw wrong(`the header has ${quoteName(twice)} twice`)
  return { header: new Map(Object.entries(parsed)), dataStart }
}

/**
 * The first key that occurs twice in one object of valid JSON. JSON.parse keeps the last of the two and says nothing, while
 * another reader may keep the first: one file with two meanings.
 */
function repeatedKey(json: string): string | undefined {
  const open: Set<string>[] = []
  for (let i = 0; i < json.length; i++) {
    if (json[i] === '{') open.push(new Set())
    else if (json[i] === '}') open.pop()
    else if (json[i] === '"') {
      const start = i
      while (json[++i] !== '"') if (json[i] === '\\') i++
      let after = i + 1
      while (' \t\r\n'.includes(json[after])) after++
      if (json[after] !== ':') continue
      const key: string = JSON.parse(json.slice(start, i + 1))
      const keys = open[open.length - 1]
      if (keys.has(key)) return key
      keys.add(key)
    }
  }
  return undefined
}

function readMetadata(metadata: unknown, wrong: Wrong): Record<string, string> {
  if (!isObject(metadata)) throw wrong('the metadata is not a JSON object')
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw wrong(`metadata ${quoteName(key)} is ${show(value)}; must be a string`)
  }
  return metadata as Record<string, string>
}

function readEntry(name: string, entry: unknown, dataLength: number, wrong: Wrong) {
  if (!isObject(entry))
    throw wrong(`tensor ${quoteName(name)} is ${show(entry)}; must be an object with dtype, shape and data_offsets`)
  const { dtype, shape, data_offsets: offsets } = entry
  if (dtype !== 'F32') throw wrong(`tensor ${quoteName(name)} has the type ${show(dtype)}; only F32 is read`)
  if (!isSizes(shape)) throw wrong(`tensor ${quoteName(name)} has the shape ${show(shape)}; must be a list of whole numbers`)
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw wrong(`tensor ${quoteName(name)} has the offsets ${show(offsets)}; must be where its data begins and ends`)
  }
  const [begin, end] = offsets
  if (end > dataLength) {
    throw wrong(
      `cut short: tensor ${quoteName(name)} ends at byte ${count(end)} of the data, but only ${count(dataLength)} are there`,
    )
  }
  if (product(shape) * 4 !== end - begin) {
    throw wrong(`tensor ${quoteName(name)} of shape ${show(shape)} has ${count(end - begin)} bytes, expected 4 for each value`)
  }
  return { name, shape, begin, end }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isSizes = (value: unknown): value is number[] => Array.isArray(value) && value.every(isSize)
const product = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1)
const count = (n: number) => n.toLocaleString('en-US')
// What comes from the file may be a megabyte long, hold escape codes, or be nested deeper than JSON.stringify can follow.
export const quoteName = (name: string): string => `'${JSON.stringify(name).slice(1, -1).slice(0, 100)}'`
const show = (value: unknown): string => {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(item).join(', ')}${value.length > 8 ? ', …' : ''}]`
  return item(value)
}
const item = (value: unknown) => {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value)
}
