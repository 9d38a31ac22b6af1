/** Corpora on their way: sent once to the server, and once to each machine, by the SHA-256 of their bytes. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, writeWhole } from '../node/files.js'
import { prefix, type Connection } from './connection.js'

/** A value in Redis has at most 512 MB. */
const partLength = 16 << 20
/** Seconds that it stays after it was last asked for. */
const lifetime = 24 * 60 * 60

const keyOf = (sha256: string): string => `${prefix}:corpus:${sha256}`
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Sends it, unless the server has it. */
export async function sendCorpus({ client }: Connection, sha256: string, file: string): Promise<void> {
  if ((await client.expire(keyOf(sha256), lifetime)) === 1) return
  const bytes = await readFile(file)
  // Under a name of its own until it is whole: several may send it at once.
  const part = `${keyOf(sha256)}:${process.pid}:${Date.now()}`
  for (let at = 0; at < bytes.length; at += partLength) {
    await client.rpush(part, bytes.subarray(at, at + partLength))
    await client.expire(part, 600)
  }
  await client.multi().rename(part, keyOf(sha256)).expire(keyOf(sha256), lifetime).exec()
}

/** The file of a corpus on this machine; what is fetched, or was kept, must have the hash. */
export async function fetchCorpus({ client, name }: Connection, sha256: string, cache: string): Promise<string> {
  const folder = join(cache, 'corpora')
  const file = join(folder, `${sha256}.bin`)
  const kept = await readFile(file).catch(() => undefined)
  if (kept && hashOf(kept) === sha256) return file
  const parts: Buffer[] = []
  const length = await client.llen(keyOf(sha256))
  for (let i = 0; i < length; i++) {
    const part = await client.lindexBuffer(keyOf(sha256), i)
    if (part) parts.push(part)
  }
  if (length === 0) throw new Error(`${name}: has no corpus ${sha256}; the sweep that needs it sends it while it runs`)
  const bytes = Buffer.concat(parts)
  if (hashOf(bytes) !== sha256) throw new Error(`${name}: corpus ${sha256} is corrupt: its SHA-256 is not its name`)
  await client.expire(keyOf(sha256), lifetime)
  await makeFolder(folder)
  await writeWhole(file, bytes)
  return file
}
