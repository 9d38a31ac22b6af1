/**
 * Several threads over one memory. A job is a stretch of records; whoever is free takes the next one, so that a thread that the system holds
 * up holds up no other. No job may touch what another writes: then it does not matter who runs which. Who has to wait spins for a while, since
 * most waits are short, and sleeps then.
 *
 * The control block: 64 bytes that the calling thread waits on, then 64 bytes for each thread beside it.
 * Of the first: how many threads have not finished; the table of jobs, pairs of addresses; how many jobs; the next one; the number of a thread
 * that failed (`thread-start.ts`).
 * Of each other: how many times it was called.
 */
import { run } from './index'

/** About 50 µs: what comes between one call and the next in a step of training, and less than two wake-ups cost. */
// @ts-ignore: decorator
@inline
const SPINS: i32 = 40000

// @ts-ignore: decorator
@inline
function takeJobs(control: usize): void {
  const table = load<usize>(control, 4)
  const jobs = load<i32>(control, 8)
  for (let job = atomic.add<i32>(control, 1, 12); job < jobs; job = atomic.add<i32>(control, 1, 12)) {
    const entry = table + ((<usize>job) << 3)
    run(load<usize>(entry), load<usize>(entry, 4))
  }
}

/** Runs the jobs of a table on up to `threads` threads, this one among them, and returns when all are done. */
export function runTogether(control: usize, table: usize, jobs: i32, threads: i32): void {
  threads = min(threads, jobs)
  store<usize>(control, table, 4)
  store<i32>(control, jobs, 8)
  store<i32>(control, 0, 12)
  atomic.store<i32>(control, threads - 1)
  for (let thread = 1; thread < threads; thread++) {
    const own = control + ((<usize>thread) << 6)
    atomic.add<i32>(own, 1)
    atomic.notify(own, 1)
  }
  takeJobs(control)
  settle(control)
}

/** Waits until the other threads have finished. */
export function settle(control: usize): void {
  let spins = SPINS
  for (let unfinished = atomic.load<i32>(control); unfinished > 0; unfinished = atomic.load<i32>(control)) {
    if (spins > 0) spins--
    else atomic.wait<i32>(control, unfinished, -1)
  }
}

/**
 * The life of another thread: waits to be called, runs its jobs, waits again. It ends with its worker.
 *
 * @param calls how many calls it has answered before
 */
export function work(control: usize, thread: i32, calls: i32): void {
  const own = control + ((<usize>thread) << 6)
  for (;;) {
    let spins = SPINS
    while (atomic.load<i32>(own) == calls) {
      if (spins > 0) spins--
      else atomic.wait<i32>(own, calls, -1)
    }
    calls = atomic.load<i32>(own)
    takeJobs(control)
    finish(control)
  }
}

/** Tells the calling thread that one more has finished. */
export function finish(control: usize): void {
  if (atomic.sub<i32>(control, 1) == 1) atomic.notify(control, 1)
}
