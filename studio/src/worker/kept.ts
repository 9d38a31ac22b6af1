/** A run as bytes, and as the vault has it. */
import type { Held, Point, Written } from '../protocol.js'
import { settingsFrom, type Live, type Settings } from '../settings.js'
import type { NamedText } from './texts.js'
import type { Vault } from './vault.js'

export interface KeptRun {
  readonly settings: Settings
  readonly live: Live
  /** Which text it reads: a name in the vault. */
  readonly textId: string
  /** Where the text came from: `corpus`, `typed` or `file`. */
  readonly source: string
  readonly held: readonly Held[]
  readonly written: readonly Written[]
  readonly points: readonly Point[]
  readonly checkpoint: Uint8Array
}

const version = 1
const columns = ['step', 'epoch', 'seconds', 'loss', 'norm', 'rate'] as const

/** The length of the head, the head as JSON, the points, the checkpoint. */
export function encodeRun({ points, checkpoint, ...head }: KeptRun): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ version, points: points.length, ...head }))
  const table = Float64Array.from(points.flatMap((point) => columns.map((name) => point[name])))
  const bytes = new Uint8Array(4 + json.length + table.byteLength + checkpoint.length)
  new DataView(bytes.buffer).setUint32(0, json.length, true)
  bytes.set(json, 4)
  bytes.set(new Uint8Array(table.buffer), 4 + json.length)
  bytes.set(checkpoint, 4 + json.length + table.byteLength)
  return bytes
}

/** Throws a sentence for what this version did not write. */
export function decodeRun(bytes: Uint8Array): KeptRun {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size))) as Omit<KeptRun, 'points'> & {
    version: number
    points: number
  }
  if (head.version !== version) throw new Error(`kept run: of version ${head.version}; this page reads version ${version}`)
  const start = 4 + size
  const end = start + head.points * columns.length * 8
  const table = new Float64Array(bytes.slice(start, end).buffer)
  const points = Array.from(
    { length: head.points },
    (_, i) => Object.fromEntries(columns.map((name, column) => [name, table[i * columns.length + column]])) as unknown as Point,
  )
  const settings = settingsFrom(head.settings as unknown as Record<string, unknown>)
  return { ...head, settings, points, checkpoint: bytes.slice(end) }
}

const runName = 'run'
/** A text that was pasted, whether a run reads it or not. */
const pastedName = 'pasted'

/** Puts runs into a vault; a text only once. */
export class Keeper {
  readonly #vault: Vault
  #text: string | undefined

  constructor(vault: Vault) {
    this.#vault = vault
  }

  async keep(run: KeptRun, { name, text }: NamedText): Promise<void> {
    const { textId } = run
    if (textId !== this.#text) await this.#vault.put(textId, new TextEncoder().encode(JSON.stringify({ name, text })))
    await this.#vault.put(runName, encodeRun(run))
    if (textId === this.#text) return
    // Those of earlier runs are let go only now, when nothing leads to them any more.
    for (const other of await this.#vault.names())
      if (![runName, pastedName, textId].includes(other)) await this.#vault.remove(other)
    this.#text = textId
  }

  keepPasted(text: Uint8Array): Promise<void> {
    return this.#vault.put(pastedName, text)
  }

  pasted(): Promise<Uint8Array | undefined> {
    return this.#vault.get(pastedName)
  }

  async kept(): Promise<{ run: KeptRun; text: NamedText } | undefined> {
    const bytes = await this.#vault.get(runName)
    if (!bytes) return undefined
    const run = decodeRun(bytes)
    const text = await this.#vault.get(run.textId)
    if (!text) return undefined
    this.#text = run.textId
    return { run, text: JSON.parse(new TextDecoder().decode(text)) as NamedText }
  }
}
