/** Files of models, where there is a file system: Node, Deno, Bun. */

/** Writes a file that is there whole or not at all. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const { rename, rm, writeFile } = await files('save')
  const part = `${path}.part`
  try {
    await writeFile(part, bytes)
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

export async function readWhole(path: string): Promise<Uint8Array> {
  const { readFile } = await files('load')
  return readFile(path)
}

/** The specifier is a variable so that bundlers for the browser leave it alone. */
async function files(method: string): Promise<typeof import('node:fs/promises')> {
  const specifier = 'node:fs/promises'
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)) as typeof import('node:fs/promises')
  } catch {
    throw new Error(`${method}: there is no file system here; use ${method === 'save' ? 'toBytes' : 'fromBytes'}`)
  }
}
