/**
 * Whether V8 makes one 256-bit operation of two neighbouring ones of 128 bits. It says so nowhere, so whoever starts the kernels has to tell
 * them. It decides between forms of a kernel that give the same bits.
 */
export let pairs: bool = false

export function usePairs(on: bool): void {
  pairs = on
}
