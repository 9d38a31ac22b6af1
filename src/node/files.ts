/** Files that are there whole or not at all, also when the power fails. */
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Replaces a file, or leaves the one that is there as it was. Errors are sentences that name the file. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const part = `${path}.part`
  try {
    const file = await open(part, 'w')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(part, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw new Error(`${path}: cannot be written (${reason(error)})`)
  }
}

/**
 * A second name for a file, or where there can be none, a copy. Files here are never changed, only replaced, so that two names are as good as
 * two files.
 */
export async function shareFile(from: string, to: string): Promise<void> {
  try {
    await rm(to, { force: true })
    await link(from, to)
  } catch {
    const content = await readFile(from).catch((error: unknown) => {
      throw new Error(`${from}: cannot be read (${reason(error)})`)
    })
    await writeWhole(to, content)
  }
}

/** Until then, a file's new name may be lost with the power. Not every system can do it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined)
  await folder?.sync().catch(() => {})
  await folder?.close()
}

/**
 * Makes a folder and those above it, a step at a time: Node's own recursion never ends where the system refuses folders as if their
 * parents were missing (/proc).
 */
export async function makeFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isDirectory()) return
  if (dirname(path) !== path) await makeFolder(dirname(path))
  await mkdir(path).catch((error: unknown) => {
    throw new Error(`${path}: the folder cannot be made (${reason(error)})`)
  })
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not',
  EPERM: 'you may not',
  EROFS: 'its disk is read-only',
  ENOSPC: 'the disk is full',
  EFBIG: 'files may not be that large here',
  EDQUOT: 'your share of the disk is used up',
  ENOENT: 'there is no such file or folder',
  EEXIST: 'a file of that name is there',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
}

/** Why the system refused something, in words. */
export function reason(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return reasons[code] ?? (code || message)
}
