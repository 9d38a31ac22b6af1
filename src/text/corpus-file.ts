/** A corpus as a file: read once, tokenized once, and every later run starts at once. */
import { sha256 } from '@noble/hashes/sha2.js'
import type { Corpus } from './corpus.js'
import { count } from './encoder.js'
import { bytesPerToken, tokensIn, type TokenArray } from './token-array.js'
import { Vocabulary } from './vocabulary.js'

// A mark, the length of the header, the header as JSON, where the documents start, the tokens, and the SHA-256 of all that. Numbers are
// little-endian, as in every engine there is.
const magic = 'UNRC'
const headerAt = 8
const checksumLength = 32
const format = 'unrolled corpus'

interface Header {
  readonly format: string
  readonly version: number
  readonly tokens: number
  /** null: one stream. */
  readonly documents: number | null
  readonly characters: number
  readonly vocabulary: unknown
}

/** The corpus in one piece, to be written to a file; it is about as long as its tokens are in memory. */
export function encodeCorpus({ vocabulary, tokens, offsets, characters }: Corpus): Uint8Array {
  const documents = offsets ? offsets.length - 1 : null
  const header: Header = { format, version: 1, tokens: tokens.length, documents, characters, vocabulary }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const headerLength = Math.ceil(json.length / 8) * 8
  const { offsetsAt, tokensAt, checksumAt } = layout(headerLength, header, vocabulary.size)
  const bytes = new Uint8Array(checksumAt + checksumLength)
  bytes.set(new TextEncoder().encode(magic))
  new DataView(bytes.buffer).setUint32(4, headerLength, true)
  bytes.fill(0x20, headerAt, offsetsAt)
  bytes.set(json, headerAt)
  if (offsets) new Uint32Array(bytes.buffer, offsetsAt, offsets.length).set(offsets)
  tokensIn(vocabulary.size, bytes.buffer, tokensAt, tokens.length).set(tokens)
  bytes.set(sha256(bytes.subarray(0, checksumAt)), checksumAt)
  return bytes
}

/**
 * The corpus that `encodeCorpus` gave. Throws a sentence for a file that is something else, cut short or changed, and for one that says
 * what cannot be.
 *
 * @param source what messages call the file
 */
export function decodeCorpus(bytes: Uint8Array, source = 'corpus'): Corpus {
  const refuse = (what: string): never => {
    throw new Error(`${source}: ${what}`)
  }
  if (String.fromCharCode(...bytes.subarray(0, magic.length)) !== magic) refuse('is not a corpus of Unrolled')
  const headerLength = bytes.length < headerAt ? Infinity : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)
  if (headerAt + headerLength + checksumLength > bytes.length)
    refuse(`is cut short or corrupt: it has only ${count(bytes.length)} bytes`)
  const checksumAt = bytes.length - checksumLength
  const header = parsed(bytes.subarray(headerAt, headerAt + headerLength)) ?? refuse('is corrupt: its header cannot be read')
  if (header.format !== format) refuse('is not a corpus of Unrolled')
  if (header.version !== 1) refuse(`is a corpus of version ${String(header.version)}; this release reads version 1`)
  const { tokens: length, documents, characters } = header
  for (const [name, value] of Object.entries({ tokens: length, documents: documents ?? 1, characters })) {
    if (!Number.isSafeInteger(value) || value < 1)
      refuse(`its header says ${name}: ${String(value)}; must be a whole number from 1`)
  }
  let vocabulary: Vocabulary
  try {
    vocabulary = Vocabulary.fromJSON(header.vocabulary)
  } catch (error) {
    throw new Error(`${source}: its vocabulary cannot be read (${(error as Error).message})`)
  }
  const { size } = vocabulary
  const { offsetsAt, tokensAt, checksumAt: expected } = layout(headerLength, header, size)
  if (headerLength % 8 !== 0 || checksumAt !== expected) {
    refuse(
      `is cut short or corrupt: it has ${count(bytes.length)} bytes, its header asks for ${count(expected + checksumLength)}`,
    )
  }
  const checksum = sha256(bytes.subarray(0, checksumAt))
  if (checksum.some((byte, i) => byte !== bytes[checksumAt + i])) refuse('is corrupt: its SHA-256 is not that of its content')
  // Copied: the bytes may be anywhere, and a Buffer's slice is none.
  const tokens = tokensIn(size, new Uint8Array(bytes.subarray(tokensAt, checksumAt)).buffer, 0, length)
  const stray = tokens.findIndex((token) => token < 0 || token >= size)
  if (stray >= 0)
    refuse(`token ${count(stray)} is ${tokens[stray]}; must be 0 to ${count(size - 1)} in a vocabulary of ${count(size)}`)
  if (documents === null) return { vocabulary, tokens, characters }
  const offsets = new Uint32Array(new Uint8Array(bytes.subarray(offsetsAt, tokensAt)).buffer)
  refuseOtherDocuments(offsets, tokens, vocabulary, refuse)
  return { vocabulary, tokens, offsets, characters }
}

function refuseOtherDocuments(
  offsets: Uint32Array,
  tokens: TokenArray,
  { start, end }: Vocabulary,
  refuse: (what: string) => never,
): void {
  if (start === undefined) refuse('has documents, and a vocabulary without start and end')
  if (offsets[0] !== 0 || offsets[offsets.length - 1] !== tokens.length) refuse('its documents are not all of its tokens')
  for (let i = 0; i + 1 < offsets.length; i++) {
    const [from, to] = [offsets[i], offsets[i + 1]]
    // A place beyond the tokens has none, so this holds of no such document either.
    if (to - from < 2 || tokens[from] !== start || tokens[to - 1] !== end) {
      refuse(
        `document ${count(i)}, from ${count(from)} to ${count(to)}, does not begin with the start token and end with the end token`,
      )
    }
  }
}

/** Where each part is. */
function layout(headerLength: number, { tokens, documents }: Header, size: number) {
  const offsetsAt = headerAt + headerLength
  const tokensAt = offsetsAt + (documents === null ? 0 : 4 * (documents + 1))
  return { offsetsAt, tokensAt, checksumAt: tokensAt + tokens * bytesPerToken(size) }
}

function parsed(bytes: Uint8Array): Header | undefined {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Header | null
    return typeof value === 'object' ? (value ?? undefined) : undefined
  } catch {
    return undefined
  }
}
