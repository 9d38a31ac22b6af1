/** A learning rate that a hand can move while training goes on; where it stands is kept with the training. */
import type { Schedule } from 'unrolled'

export class HandRate implements Schedule {
  current: number

  constructor(rate: number) {
    this.current = rate
  }

  rate(): number {
    return this.current
  }

  state(): unknown {
    return { rate: this.current }
  }

  restore(state: unknown): void {
    const rate = (state as { rate?: unknown } | undefined)?.rate
    if (!(typeof rate === 'number' && rate > 0)) throw new Error(`schedule state: ${JSON.stringify(state)}; must have the rate`)
    this.current = rate
  }

  toString(): string {
    return `learning rate ${this.current}, moved by hand`
  }
}
