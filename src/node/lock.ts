/** One process at a time: a file that says which one. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { reason } from './files.js'

/** Another process works on it. */
export class Locked extends Error {}

interface Holder {
  readonly pid: number
  readonly host: string
  /** When that process began, where the system tells: numbers of processes are used again. */
  readonly began: string | null
}

/**
 * Takes the lock, and returns what gives it back. A lock whose process is gone is taken over, so that nothing has to be cleaned up
 * after a `kill -9` or a power failure. Throws `Locked` if another process has it.
 *
 * @param path the lock's file
 * @param what is locked, for the message
 */
export function lock(path: string, what: string): () => void {
  const own: Holder = { pid: process.pid, host: hostname(), began: beginning(process.pid) }
  const mine = `${path}.${process.pid}`
  try {
    writeFileSync(mine, JSON.stringify(own))
    // A link is made or refused in one go, whoever else tries.
    while (!linked(mine, path)) {
      const holder = readHolder(path)
      if (holder && isRunning(holder)) {
        const where = holder.host === own.host ? '' : ` on ${holder.host}`
        throw new Locked(
          `${what}: process ${holder.pid}${where} is working on it; stop that one first, or if there is none, delete ${path}`,
        )
      }
      removeAbandoned(path, holder, mine)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code) throw new Error(`${what}: cannot be locked (${reason(error)})`)
    throw error
  } finally {
    rmSync(mine, { force: true })
  }
  return () => rmSync(path, { force: true })
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Undefined: it is gone, or was torn when it was written. */
function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Two processes may find the same abandoned lock: only one can rename it, and one that was taken in the meantime is put back. */
function removeAbandoned(path: string, holder: Holder | undefined, mine: string): void {
  const aside = `${mine}.old`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const found = readHolder(aside)
  if (found && JSON.stringify(found) !== JSON.stringify(holder)) linked(aside, path)
  rmSync(aside, { force: true })
}

function isRunning({ pid, host, began }: Holder): boolean {
  // Of another machine's processes nothing is known.
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return began === null || beginning(pid) === began
}

/** The start of a process in ticks since the machine's own, on Linux. */
function beginning(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The program's name, in brackets, may hold anything; the fields are counted after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return null
  }
}
