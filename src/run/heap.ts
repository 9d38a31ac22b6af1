/** Memory management in the engine's linear memory: first fit over a sorted list of free blocks, growing when none fits. */
export class Heap {
  readonly memory: WebAssembly.Memory
  readonly #free: { address: number; size: number }[] = []
  readonly #sizes = new Map<number, number>()
  #end: number
  floats: Float32Array
  words: Int32Array

  constructor(memory: WebAssembly.Memory, start: number) {
    this.memory = memory
    this.#end = (start + 63) & ~63
    this.floats = new Float32Array(memory.buffer)
    this.words = new Int32Array(memory.buffer)
  }

  /** Bytes in use. */
  get used(): number {
    let sum = 0
    for (const size of this.#sizes.values()) sum += size
    return sum
  }

  /** Reserves at least `bytes`, on a boundary of 64, zeroed. Behind every block there is room to read a vector too far. */
  allocate(bytes: number): number {
    const size = Math.ceil((bytes + 16) / 64) * 64
    let i = this.#free.findIndex((block) => block.size >= size)
    if (i < 0) {
      this.#grow(size)
      i = this.#free.findIndex((block) => block.size >= size)
    }
    const block = this.#free[i]
    const { address } = block
    block.address += size
    block.size -= size
    if (block.size === 0) this.#free.splice(i, 1)
    this.#sizes.set(address, size)
    this.floats.fill(0, address >> 2, (address + size) >> 2)
    return address
  }

  release(address: number): void {
    const size = this.#sizes.get(address)!
    this.#sizes.delete(address)
    this.#insert(address, size)
  }

  #grow(size: number): void {
    const have = this.memory.buffer.byteLength
    const last = this.#free.at(-1)
    const atEnd = last && last.address + last.size === this.#end ? last.size : 0
    const pages = Math.ceil((this.#end - atEnd + size - have) / 65536)
    if (pages > 0) {
      // Not page by page: each time new views are made, and engines may have to move the memory.
      const wanted = Math.max(pages, Math.min(64, Math.ceil(have / 65536 / 4)))
      try {
        this.memory.grow(wanted)
      } catch {
        try {
          this.memory.grow(pages)
        } catch {
          throw new Error(
            `out of memory: ${size.toLocaleString('en')} bytes more than the ${have.toLocaleString('en')} in use; make the model, the batch or the window smaller`,
          )
        }
      }
      this.floats = new Float32Array(this.memory.buffer)
      this.words = new Int32Array(this.memory.buffer)
    }
    const end = this.memory.buffer.byteLength
    this.#insert(this.#end, end - this.#end)
    this.#end = end
  }

  #insert(address: number, size: number): void {
    if (size === 0) return
    let i = this.#free.findIndex((block) => block.address > address)
    if (i < 0) i = this.#free.length
    const before = this.#free[i - 1]
    const after = this.#free[i]
    const joinsBefore = before && before.address + before.size === address
    const joinsAfter = after && address + size === after.address
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size
      this.#free.splice(i, 1)
    } else if (joinsBefore) before.size += size
    else if (joinsAfter) {
      after.address = address
      after.size += size
    } else this.#free.splice(i, 0, { address, size })
  }
}
