/** The folder of a sweep: what it is to do, its text, its trials, what they gave. */
import { createHash, randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Kernels } from '../node/engines.js'
import { makeFolder, reason, writeWhole } from '../node/files.js'
import { lock } from '../node/lock.js'
import { encodeCorpus } from '../text/corpus-file.js'
import type { Corpus } from '../text/corpus.js'
import type { SweepPlan } from './plan.js'
import type { Choice } from './space.js'
import type { TrialResult } from './trial.js'

/** The object of `sweep.json` in the folder. */
export interface SweepRecord {
  readonly format: 'unrolled sweep'
  readonly version: 1
  /** What tells it from other sweeps. */
  readonly id: string
  readonly plan: SweepPlan
  /** Decided once: where machines differ, so would what they compute. */
  readonly kernels: Kernels
  readonly corpus: { readonly sources: readonly string[]; readonly sha256: string; readonly tokens: number }
}

/** A line of `sweep.jsonl`: how a rung of a trial ended. */
export interface TrialLine extends TrialResult {
  readonly event: 'trial'
  readonly choice: Choice
}

export class SweepFolder {
  readonly path: string
  readonly record: SweepRecord
  /** The corpus as bytes. */
  readonly corpusFile: string
  readonly #unlock: () => void

  private constructor(path: string, record: SweepRecord, unlock: () => void) {
    this.path = path
    this.record = record
    this.corpusFile = join(path, 'corpus.bin')
    this.#unlock = unlock
  }

  /**
   * Makes it, or opens the one that is there to go on with it. Throws a sentence if that is of another sweep, or another process works on it.
   *
   * @param kernels that are to be used if it is new
   */
  static async open(
    path: string,
    plan: SweepPlan,
    corpus: Corpus,
    sources: readonly string[],
    kernels: SweepRecord['kernels'],
  ): Promise<SweepFolder> {
    await makeFolder(path)
    const unlock = lock(join(path, 'lock'), path)
    try {
      const bytes = encodeCorpus(corpus)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const found = readRecord(path)
      if (found) {
        refuseOther(path, found, plan, sha256)
        return new SweepFolder(path, found, unlock)
      }
      if (existsSync(join(path, 'config.json'))) throw new Error(`${path}: has a run; choose another --out`)
      const record: SweepRecord = {
        format: 'unrolled sweep',
        version: 1,
        id: randomUUID(),
        plan,
        kernels,
        corpus: { sources, sha256, tokens: corpus.tokens.length },
      }
      await writeWhole(join(path, 'corpus.bin'), bytes)
      // Last: a folder with it is a sweep that can be gone on with.
      await writeWhole(join(path, 'sweep.json'), `${JSON.stringify(record, null, 2)}\n`)
      return new SweepFolder(path, record, unlock)
    } catch (error) {
      unlock()
      throw error
    }
  }

  trialFolder(trial: number): string {
    return join(this.path, 'trials', String(trial).padStart(String(this.record.plan.trials).length, '0'))
  }

  /** In one write, so that a kill may tear the last line, but no other. */
  append(line: TrialLine): void {
    const path = join(this.path, 'sweep.jsonl')
    try {
      appendFileSync(path, `${JSON.stringify(line)}\n`)
    } catch (error) {
      throw new Error(`${path}: cannot be written (${reason(error)})`)
    }
  }

  /** What is known of trials; a torn line is left out, and the file mended. */
  async readLines(): Promise<TrialLine[]> {
    const path = join(this.path, 'sweep.jsonl')
    if (!existsSync(path)) return []
    const text = readFileSync(path, 'utf8')
    const lines = parseSweepLog(text)
    const mended = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    if (mended !== text) await writeWhole(path, mended)
    return lines
  }

  /** The best model so far, taken from a trial that is not at work. */
  async keepBest(trial: number): Promise<void> {
    const from = join(this.trialFolder(trial), 'best.safetensors')
    const bytes = await readFile(from).catch((error: unknown) => {
      throw new Error(`${from}: cannot be read (${reason(error)})`)
    })
    await writeWhole(join(this.path, 'best.safetensors'), bytes)
  }

  async write(name: string, content: string): Promise<void> {
    await writeWhole(join(this.path, name), content)
  }

  close(): void {
    this.#unlock()
  }
}

/** The lines of `sweep.jsonl` that are whole. */
export function parseSweepLog(text: string): TrialLine[] {
  return text.split('\n').flatMap((row) => {
    try {
      const value = JSON.parse(row) as TrialLine | null
      return value?.event === 'trial' && Number.isSafeInteger(value.trial) && Number.isSafeInteger(value.rung) ? [value] : []
    } catch {
      return []
    }
  })
}

function readRecord(path: string): SweepRecord | undefined {
  const source = join(path, 'sweep.json')
  if (!existsSync(source)) return undefined
  let record: SweepRecord | null
  try {
    record = JSON.parse(readFileSync(source, 'utf8')) as SweepRecord | null
  } catch (error) {
    throw new Error(`${source}: cannot be read (${reason(error)})`)
  }
  if (record?.format !== 'unrolled sweep') throw new Error(`${source}: is not the record of a sweep; choose another --out`)
  if (record.version !== 1) throw new Error(`${source}: is of version ${String(record.version)}; this release reads version 1`)
  return record
}

function refuseOther(path: string, { plan: there, corpus }: SweepRecord, plan: SweepPlan, sha256: string): void {
  const { corpus: _there, ...before } = there
  const { corpus: _here, ...now } = plan
  const differs = Object.keys({ ...before, ...now }).find((key) => {
    const name = key as keyof typeof now
    return JSON.stringify(before[name]) !== JSON.stringify(now[name])
  })
  if (differs !== undefined) throw new Error(`${path}: has a sweep with another '${differs}'; choose another --out`)
  if (corpus.sha256 !== sha256) throw new Error(`${path}: has a sweep of another text; choose another --out`)
}
