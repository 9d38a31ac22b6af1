/** A folder of files, made at once. */
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder, writeWhole } from './files.js'

/**
 * Names may be paths within the folder.
 *
 * Throws a sentence, with nothing written, where the folder has something in it already.
 */
export async function writeFolder(path: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
  await makeFolder(path)
  if ((await readdir(path)).length > 0) throw new Error(`${path}: has files in it; choose a folder that is empty, or a new one`)
  for (const [name, content] of Object.entries(files)) {
    await makeFolder(dirname(join(path, name)))
    await writeWhole(join(path, name), content)
  }
}
