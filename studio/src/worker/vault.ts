/** What the browser keeps of a run: files of the origin's own, or a database where there are none. Each is written whole or not at all. */

export interface Vault {
  get(name: string): Promise<Uint8Array | undefined>
  put(name: string, bytes: Uint8Array): Promise<void>
  names(): Promise<string[]>
  remove(name: string): Promise<void>
}

const folder = 'unrolled-studio'

/** Throws where the browser keeps nothing, as in some private windows. */
export async function openVault(): Promise<Vault> {
  // Without createWritable a file is written in place, and a crash would leave half of it.
  const hasFiles = typeof FileSystemFileHandle === 'function' && 'createWritable' in FileSystemFileHandle.prototype
  if (hasFiles) {
    try {
      return new Files(await (await navigator.storage.getDirectory()).getDirectoryHandle(folder, { create: true }))
    } catch {
      // The database may do all the same.
    }
  }
  return Database.open()
}

class Files implements Vault {
  readonly #directory: FileSystemDirectoryHandle

  constructor(directory: FileSystemDirectoryHandle) {
    this.#directory = directory
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    try {
      const file = await (await this.#directory.getFileHandle(name)).getFile()
      return new Uint8Array(await file.arrayBuffer())
    } catch (error) {
      if ((error as DOMException).name === 'NotFoundError') return undefined
      throw error
    }
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const handle = await this.#directory.getFileHandle(name, { create: true })
    const stream = await handle.createWritable()
    try {
      await stream.write(bytes as Uint8Array<ArrayBuffer>)
      await stream.close()
    } catch (error) {
      await stream.abort().catch(() => undefined)
      throw error
    }
  }

  async names(): Promise<string[]> {
    const names: string[] = []
    // The library of types has no iterator for directories yet.
    for await (const name of (this.#directory as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name)
    return names
  }

  async remove(name: string): Promise<void> {
    await this.#directory.removeEntry(name).catch(() => undefined)
  }
}

const store = 'files'

class Database implements Vault {
  readonly #database: IDBDatabase

  constructor(database: IDBDatabase) {
    this.#database = database
  }

  static async open(): Promise<Database> {
    const opening = indexedDB.open(folder, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(store)
    return new Database(await done(opening))
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    return done(this.#database.transaction(store).objectStore(store).get(name) as IDBRequest<Uint8Array | undefined>)
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    await this.#change((files) => files.put(bytes, name))
  }

  async names(): Promise<string[]> {
    return (await done(this.#database.transaction(store).objectStore(store).getAllKeys())) as string[]
  }

  async remove(name: string): Promise<void> {
    await this.#change((files) => files.delete(name))
  }

  /** Resolves when the change is on the disk, not when it was asked for. */
  #change(change: (files: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(store, 'readwrite')
      change(transaction.objectStore(store))
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error ?? new Error('the browser gave up'))
    })
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the browser gave up'))
  })
}
