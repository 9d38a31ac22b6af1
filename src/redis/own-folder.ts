/** A worker's folder among those of other workers, on a disk that they may share. */
import { readdir, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { makeFolder } from '../node/files.js'
import { lock, Locked } from '../node/lock.js'

export interface OwnFolder {
  readonly path: string
  remove(): Promise<void>
}

/** Makes one in `shared`, and removes what workers that died have left there. */
export async function ownFolder(shared: string): Promise<OwnFolder> {
  await makeFolder(shared)
  for (const entry of await readdir(shared, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeAbandoned(join(shared, entry.name))
  }
  const path = join(shared, randomUUID())
  // Before there is a folder: one without a holder is abandoned.
  const unlock = lock(lockOf(path), path)
  try {
    await makeFolder(path)
  } catch (error) {
    unlock()
    throw error
  }
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true })
      unlock()
    },
  }
}

const lockOf = (folder: string): string => `${folder}.lock`

async function removeAbandoned(folder: string): Promise<void> {
  let unlock
  try {
    unlock = lock(lockOf(folder), folder)
  } catch (error) {
    if (error instanceof Locked) return
    throw error
  }
  await rm(folder, { recursive: true, force: true })
  unlock()
}
