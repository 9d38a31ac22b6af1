/** A checksum within a safetensors file, so that a torn or changed one is recognised. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** What stands in the metadata, under `sha256`, until the checksum is known; it is computed with this in its place. */
export const unsealed = '0'.repeat(64)

/** Puts the checksum of a file in its place. The file must have been encoded with `sha256: unsealed` in its metadata. */
export function seal(bytes: Uint8Array): Uint8Array {
  const at = find(bytes)
  if (at === undefined) throw new Error(`seal: the metadata has no sha256 of '${unsealed}'`)
  bytes.set(new TextEncoder().encode(bytesToHex(sha256(bytes))), at)
  return bytes
}

/** Throws a sentence if the file is not what was sealed. The bytes are left as they were. */
export function checkSeal(bytes: Uint8Array, source: string): void {
  const at = find(bytes)
  if (at === undefined) throw new Error(`${source}: has no checksum; it is torn, or no checkpoint`)
  const found = new TextDecoder().decode(bytes.subarray(at, at + 64))
  const hash = sha256
    .create()
    .update(bytes.subarray(0, at))
    .update(new TextEncoder().encode(unsealed))
    .update(bytes.subarray(at + 64))
  if (bytesToHex(hash.digest()) !== found) throw new Error(`${source}: is torn or was changed; its checksum does not fit`)
}

/** Where the checksum's 64 digits begin: after the first `"sha256":"` of the header. */
function find(bytes: Uint8Array): number | undefined {
  const key = new TextEncoder().encode('"sha256":"')
  const end = Math.min(bytes.length - 64, 10_000)
  for (let at = 8; at + key.length <= end; at++) {
    if (key.every((byte, i) => bytes[at + i] === byte)) return at + key.length
  }
  return undefined
}
