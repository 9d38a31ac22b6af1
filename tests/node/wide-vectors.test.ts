/** The kernels leave the same bits with vectors of 256 bits as without; and where there can be none, that is told. */
import { describe, expect, test } from 'vitest'
import { tryWideVectors, useWideVectors, whyNoWideVectors } from '../../src/node/wide-vectors.js'
import { createEngine } from '../../src/index.js'
import { compileKernels, kernelTrial, type KernelBuild } from '../../src/run/wide-vectors.js'

const builds: readonly KernelBuild[] = ['plain', 'relaxed']
const here = whyNoWideVectors({ v8: process.versions.v8, arch: process.arch })

describe.each(builds)('%s: the forms of kernels that are for pairs', (build) => {
  test('leave the same bits as the others, by whatever they are compiled', () => {
    const expected = kernelTrial(compileKernels(build, false))
    expect(expected.length).toBeGreaterThan(50_000)
    expect(Buffer.from(kernelTrial(compileKernels(build, true)).buffer).equals(Buffer.from(expected.buffer))).toBe(true)
  })
})

test('the trial tells kernels apart that round differently', () => {
  const [plain, relaxed] = builds.map((build) => kernelTrial(compileKernels(build, false)))
  expect(plain.length).toBe(relaxed.length)
  expect(plain.some((word, i) => word !== relaxed[i])).toBe(true)
})

test.each([
  ['11.3.244.8-node.38', 'x64', 'V8 11.3 does not pair vectors for these kernels; Node 24 does'],
  ['12.4.254.21-node.33', 'x64', 'V8 12.4 does not pair vectors for these kernels; Node 24 does'],
  ['13.6.233.17-node.53', 'x64', undefined],
  ['14.6.202.34-node.34', 'x64', undefined],
  ['13.6.233.17-node.53', 'arm64', 'V8 pairs vectors on x64 only; this is arm64'],
  ['15.1.2.3-node.4', 'x64', 'V8 15.1 has not been tested with --experimental-wasm-revectorize; tested are 13.6, 14.1, 14.6'],
])('V8 %s on %s', (v8, arch, why) => {
  expect(whyNoWideVectors({ v8, arch })).toBe(why)
})

test('where V8 can pair, it does; elsewhere that is told', () => {
  const result = tryWideVectors(['plain', 'relaxed'])
  if (here !== undefined) expect(result).toEqual({ missing: here, failed: false })
  // A processor without such vectors gains nothing; that the results are wrong must not be.
  else expect(result).not.toMatchObject({ failed: true })
})

test('it is too late once an engine has started', () => {
  createEngine({ kernels: 'plain' })
  expect(useWideVectors()).toEqual({ missing: 'an engine has been started before, with vectors of 128 bits', failed: false })
})

test('an option that there is not is refused', () => {
  expect(() => useWideVectors({ kernel: 'plain' } as object)).toThrow(
    "useWideVectors: 'kernel' is not an option; did you mean 'kernels'?",
  )
})
