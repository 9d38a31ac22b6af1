/** Whoever reads the output may have read enough: `unrolled generate | head`. */

let act = (): void => process.exit(0)

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    act()
  })
}

/** What to do then, from now on, in place of ending at once; perhaps several times. */
export function onClosedOutput(instead: () => void): void {
  act = instead
}
