/** The folder of a run: its configuration, its log, its checkpoints, its models. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, reason, shareFile, writeWhole } from './files.js'
import { lock } from './lock.js'
import { intactLines, parseLog, type AnyRunConfig, type LogLine, type RunConfig } from './log.js'
import { checkRunConfig } from './run-config.js'

/** A checkpoint's step is in its name, with leading zeros, so that the order of names is the order of steps. */
const checkpointName = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`
const checkpointStep = (name: string): number => Number(/^step-(\d{9,})\.safetensors$/.exec(name)?.[1] ?? NaN)

export interface RunFolderOptions {
  /** How many checkpoints are kept, the newest; at least 2. Default 3. */
  keep?: number
}

export class RunFolder {
  readonly path: string
  readonly #keep: number
  readonly #unlock: () => void
  #log: number | undefined

  private constructor(path: string, { keep = 3 }: RunFolderOptions) {
    this.path = path
    this.#keep = keep
    this.#unlock = lock(join(path, 'lock'), path)
    this.#tidy()
  }

  /** Of a process that was killed while it wrote, parts of files are left. */
  #tidy(): void {
    for (const folder of [this.path, this.#file('checkpoints')]) {
      const names = existsSync(folder) ? readdirSync(folder) : []
      for (const name of names) if (name.endsWith('.part')) rmSync(join(folder, name), { force: true })
    }
  }

  /** A new run. Throws if there is one already, or if the folder cannot be made. */
  static async create(path: string, options: RunFolderOptions = {}): Promise<RunFolder> {
    await makeFolder(join(path, 'checkpoints'))
    const folder = new RunFolder(path, options)
    const isThere = existsSync(folder.#file('config.json'))
    // Of a run that was killed while it was made, there may be the first one.
    const [newest = 0] = folder.checkpoints()
    if (!isThere && newest === 0) return folder
    folder.close()
    if (isThere) throw new Error(`${path}: has a run already; go on with it by --resume ${path}, or choose another --out`)
    throw new Error(`${path}: has checkpoints of a run, but no config.json; choose another --out`)
  }

  /** A run that is there. Throws if another process works on it. */
  static open(path: string, options: RunFolderOptions = {}): RunFolder {
    return new RunFolder(path, options)
  }

  /**
   * Makes a run: whatever `write` keeps, a first checkpoint, and last of all the configuration, since a folder that has one can be gone on with.
   * If that fails, the folder is closed.
   */
  static async begin<R>(
    path: string,
    { options, config, checkpoint }: { options: RunFolderOptions; config: AnyRunConfig; checkpoint: Uint8Array },
    write: (folder: RunFolder) => Promise<R>,
  ): Promise<R> {
    const folder = await RunFolder.create(path, options)
    try {
      const run = await write(folder)
      await folder.writeCheckpoint(0, checkpoint, 0)
      await folder.writeConfig(config)
      return run
    } catch (error) {
      folder.close()
      throw error
    }
  }

  #file(name: string): string {
    return join(this.path, name)
  }

  /** Forgets what was logged after the step that is gone on after, and writes the configuration, where it has changed. */
  async goOn(step: number, before: AnyRunConfig, config: AnyRunConfig): Promise<void> {
    await this.cutLog(step)
    if (JSON.stringify(config) !== JSON.stringify(before)) await this.writeConfig(config)
  }

  async writeConfig(config: AnyRunConfig): Promise<void> {
    await writeWhole(this.#file('config.json'), `${JSON.stringify(config, null, 2)}\n`)
  }

  /** @param name `model.safetensors`, `best.safetensors`, `corpus.bin`, `data.csv`, `report.html` */
  async write(name: string, content: Uint8Array | string): Promise<void> {
    await writeWhole(this.#file(name), content)
  }

  /** The file of another folder as one of this, without a second copy of it where the disk can do that. */
  async share(name: string, from: string): Promise<void> {
    await shareFile(from, this.#file(name))
  }

  async read(name: string): Promise<Uint8Array> {
    return readFile(this.#file(name)).catch((error: unknown) => {
      throw new Error(`${this.#file(name)}: cannot be read (${reason(error)})`)
    })
  }

  has(name: string): boolean {
    return existsSync(this.#file(name))
  }

  /** In one write, so that whoever kills the process may tear the last line, but no other. */
  log(line: LogLine): void {
    try {
      this.#log ??= openSync(this.#file('log.jsonl'), 'a')
      writeFileSync(this.#log, `${JSON.stringify(line)}\n`)
    } catch (error) {
      throw new Error(`${this.#file('log.jsonl')}: cannot be written (${reason(error)})`)
    }
  }

  readLog(): LogLine[] {
    return readLog(this.path)
  }

  /** Forgets what was logged after a step, since it will be done again. */
  async cutLog(step: number): Promise<void> {
    await this.write('log.jsonl', logText(logUpTo(this.path, step)))
  }

  /**
   * Keeps a checkpoint, and only then lets go of the oldest.
   *
   * @param needed the step of one that is kept whatever its age
   */
  async writeCheckpoint(step: number, bytes: Uint8Array, needed: number): Promise<void> {
    await this.write(join('checkpoints', checkpointName(step)), bytes)
    const steps = this.checkpoints()
    for (const old of steps.slice(this.#keep)) {
      if (old !== needed) await this.#remove(old)
    }
  }

  /** Lets go of checkpoints that a divergence has led back from. */
  async removeCheckpointsAfter(step: number): Promise<void> {
    for (const later of this.checkpoints()) if (later > step) await this.#remove(later)
  }

  /** Where that is not possible, as with a folder of that name, nothing is lost by it. */
  async #remove(step: number): Promise<void> {
    await rm(this.#checkpoint(step), { force: true }).catch(() => {})
  }

  #checkpoint(step: number): string {
    return this.#file(join('checkpoints', checkpointName(step)))
  }

  /** The steps of the checkpoints that are there, the newest first. */
  checkpoints(): number[] {
    return checkpointSteps(this.path)
  }

  async readCheckpoint(step: number): Promise<{ bytes: Uint8Array; source: string }> {
    const source = join('checkpoints', checkpointName(step))
    return { bytes: await this.read(source), source: join(this.path, source) }
  }

  /** Lets others work on it. */
  close(): void {
    if (this.#log !== undefined) closeSync(this.#log)
    this.#log = undefined
    this.#unlock()
  }
}

function checkpointSteps(path: string): number[] {
  const folder = join(path, 'checkpoints')
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names
    .map(checkpointStep)
    .filter((step) => !Number.isNaN(step))
    .sort((a, b) => b - a)
}

/** The files of a run's checkpoints, the newest first. */
export const newestCheckpoints = (path: string): string[] =>
  checkpointSteps(path).map((step) => join(path, 'checkpoints', checkpointName(step)))

export const isRun = (path: string): boolean => existsSync(join(path, 'config.json'))

/** The configuration of a run. Throws a sentence if there is none. */
export function readConfig(path: string): AnyRunConfig {
  if (!isRun(path)) throw new Error(`${path}: is not the folder of a run; there is no config.json in it`)
  const source = join(path, 'config.json')
  let config: unknown
  try {
    config = JSON.parse(readFileSync(source, 'utf8'))
  } catch (error) {
    throw new Error(`${source}: cannot be read (${reason(error)})`)
  }
  return checkRunConfig(config, source)
}

/** The same, of a run of a language model. Throws a sentence for any other. */
export function readTextConfig(path: string): RunConfig {
  const config = readConfig(path)
  if (config.task === undefined) return config
  throw new Error(`${path}: is the run of a model for --task ${config.task}; must be that of a language model`)
}

export function readLog(path: string): LogLine[] {
  const source = join(path, 'log.jsonl')
  return existsSync(source) ? parseLog(readFileSync(source, 'utf8'), source) : []
}

/**
 * What was logged up to a step. What was undone before by a divergence, and led to that step, stays; so the place to cut is after the last line
 * that is not beyond it. Damaged lines are left out: a log is no reason not to go on.
 */
export function logUpTo(path: string, step: number): LogLine[] {
  const source = join(path, 'log.jsonl')
  const all = existsSync(source) ? intactLines(readFileSync(source, 'utf8')) : []
  return all.slice(0, all.findLastIndex((line) => line.step <= step) + 1)
}

export const logText = (lines: readonly LogLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

/** Whether the last that a run did was to end, with all saved. */
export function hasEnded(path: string): boolean {
  const log = join(path, 'log.jsonl')
  return existsSync(log) && intactLines(readFileSync(log, 'utf8')).at(-1)?.event === 'end'
}
