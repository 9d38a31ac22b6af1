/** Whoever reads the output may have read enough: `unrolled generate | head`. */

let act: (() => void) | undefined

const whenClosed = (stream: NodeJS.WriteStream, otherwise: () => void): void => {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    const next = act ?? otherwise
    next()
  })
}
whenClosed(process.stdout, () => process.exit())
// What was asked for goes to standard output; this one may be closed.
whenClosed(process.stderr, () => undefined)

/** What to do then, from now on, in place of ending at once; perhaps several times. */
export function onClosedOutput(instead: () => void): void {
  act = instead
}
