/**
 * How many sums of four floats the JavaScript engine keeps in registers, all through a loop: 8; 12 where it makes the most of the sixteen
 * registers of x64; 24 where V8 also makes one 256-bit operation of two neighbouring ones of 128 bits, so that sums come in pairs. It says so
 * nowhere, so whoever starts the kernels has to tell them. It decides between forms of a kernel that give the same bits.
 */
export let many: bool = false
export let pairs: bool = false

export function keepSums(count: i32): void {
  many = count >= 12
  pairs = count >= 24
}
