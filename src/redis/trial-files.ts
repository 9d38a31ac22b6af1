/** The folder of a trial on its way: what is needed to go on with it, as the fields of a hash in Redis. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeFolder, shareFile, writeWhole } from '../node/files.js'
import { prefix, type Connection } from './connection.js'

/** Seconds that it stays after it was last written. */
const lifetime = 7 * 24 * 60 * 60

// What others write there is not to lead out of the folder.
const known = /^(config\.json|log\.jsonl|(best|model)\.safetensors|report\.html|checkpoints\/step-\d{9,}\.safetensors)$/
const checkpoint = /^checkpoints\/step-(\d+)\.safetensors$/

export const trialKey = (sweep: string, trial: number): string => `${prefix}:trial:${sweep}:${trial}`

/**
 * Writes only while the lock is the writer's: whoever has lost a trial to another has nothing to say about it any more. In one go: nobody sees
 * half of it.
 */
const writeIfLocked = `
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
local gone = tonumber(ARGV[3])
for i = 4, 3 + gone do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = 4 + gone, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`

export interface Lock {
  readonly key: string
  readonly token: string
}

/** Sends what has changed since it was last asked. */
export class TrialSender {
  readonly #connection: Connection
  readonly #key: string
  readonly #folder: string
  readonly #lock: Lock | undefined
  /** By file, when it was last changed. */
  #sent = new Map<string, number>()

  /** @param lock without one, it writes whoever else does */
  constructor(connection: Connection, key: string, folder: string, lock?: Lock) {
    this.#connection = connection
    this.#key = key
    this.#folder = folder
    this.#lock = lock
  }

  /** Returns whether the lock was there still. */
  async send(): Promise<boolean> {
    const { client } = this.#connection
    const files = await this.#changed()
    const names = new Set(files.keys())
    const there = await client.hkeys(this.#key)
    const gone = there.filter((name) => checkpoint.test(name) && !names.has(name))
    const fresh = [...files].filter(([name, { changed }]) => this.#sent.get(name) !== changed || !there.includes(name))
    const pairs = (
      await Promise.all(fresh.map(async ([name]) => [name, await readFile(join(this.#folder, name))] as const))
    ).flat()
    const { key = this.#key, token = '' } = this.#lock ?? {}
    const written = await client.eval(writeIfLocked, 2, this.#key, key, token, lifetime, gone.length, ...gone, ...pairs)
    for (const [name, { changed }] of fresh) this.#sent.set(name, changed)
    return written === 1
  }

  async #changed(): Promise<Map<string, { changed: number }>> {
    const names = await readdir(this.#folder, { recursive: true })
    const found = new Map<string, { changed: number }>()
    for (const name of names.map((path) => path.replaceAll('\\', '/')).filter((path) => known.test(path))) {
      found.set(name, { changed: (await stat(join(this.#folder, name))).mtimeMs })
    }
    return found
  }
}

/** While it is read, the trial goes on: a checkpoint may be let go of. Then there is a newer one. */
export async function sendWhileItRuns(sender: TrialSender): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sender.send()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 5) throw error
    }
  }
}

/** Makes the folder of a trial from what the server has of it. Returns whether that was anything. */
export async function fetchTrial({ client }: Connection, key: string, folder: string, corpusFile: string): Promise<boolean> {
  const files = Object.entries(await client.hgetallBuffer(key)).filter(([name]) => known.test(name))
  const config = files.find(([name]) => name === 'config.json')
  if (!config) return false
  await makeFolder(join(folder, 'checkpoints'))
  await shareFile(corpusFile, join(folder, 'corpus.bin'))
  for (const [name, bytes] of files) {
    if (name === 'config.json') continue
    await makeFolder(dirname(join(folder, name)))
    await writeWhole(join(folder, name), bytes)
  }
  // Last: a folder with it can be gone on with.
  await writeWhole(join(folder, 'config.json'), config[1])
  return true
}

/** The step of the newest checkpoint among these files; −1: there is none. */
export const newestStep = (names: readonly string[]): number =>
  names.reduce((newest, name) => Math.max(newest, Number(checkpoint.exec(name)?.[1] ?? -1)), -1)
