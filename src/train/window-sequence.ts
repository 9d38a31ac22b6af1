/** Windows of any lengths, one after the other: the state goes on from each to the next. */
import { lengthsOf, type Learner, type Window } from './learner.js'
import { WindowGraphs, type WindowGraphsOptions } from './window-graphs.js'

/** Lengths of windows that graphs are kept for; their programs are kept by the engine, which has a limit of its own. */
const mostBuilt = 64

export class WindowSequence<W extends Window> {
  readonly #learner: Learner<W>
  readonly #options: WindowGraphsOptions
  readonly #built = new Map<string, WindowGraphs<W>>()
  #last: WindowGraphs<W>

  constructor(learner: Learner<W>, first: W, options: WindowGraphsOptions) {
    this.#learner = learner
    this.#options = options
    this.#last = this.#graphsFor(first)
  }

  /** The graphs whose state the next window goes on from. */
  get last(): WindowGraphs<W> {
    return this.#last
  }

  /** The graphs for windows as long as this one. */
  #graphsFor(window: W): WindowGraphs<W> {
    const key = lengthsOf(window)
    const built = this.#built.get(key) ?? new WindowGraphs(this.#learner, window, this.#options)
    // What is used is inserted again; the one that has not been used for longest goes first.
    this.#built.delete(key)
    this.#built.set(key, built)
    for (const oldest of this.#built.keys()) {
      if (this.#built.size <= mostBuilt) break
      this.#built.delete(oldest)
    }
    return built
  }

  /** The graphs for a window, with the state that it starts from. */
  enter(window: W): WindowGraphs<W> {
    const built = this.#graphsFor(window)
    if (window.startsAnew) built.reset()
    else if (built !== this.#last) built.takeOver(this.#last)
    this.#last = built
    return built
  }

  /** Goes on from a state that `readState` gave, before a window. Throws, with nothing changed, if it does not fit. */
  resume(window: W, state: Parameters<WindowGraphs<W>['writeState']>[0]): void {
    const built = this.#graphsFor(window)
    built.writeState(state)
    this.#last = built
  }
}
