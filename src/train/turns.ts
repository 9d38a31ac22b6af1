/** Lets the event loop turn now and then: promises alone never let a page paint, a timer fire or a signal through. */

const longest = 12

export class Turns {
  #since = performance.now()

  /** Waits for a turn of the event loop if the last was more than 12 ms ago. */
  async next(): Promise<void> {
    if (performance.now() - this.#since < longest) return
    // A message is not delayed as a timer is, which browsers hold back by 4 ms.
    await new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(undefined)
    })
    this.#since = performance.now()
  }
}
