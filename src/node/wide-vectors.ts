/**
 * Vectors of 256 bits, in Node: V8 can make one operation of two neighbouring ones of 128 bits, on x64, where it is told to by an experimental flag.
 * It is told only in versions with which all tests of the kernels have been run under the flag, and only where the kernels, as this V8 compiles
 * them for this processor, leave the same bits with it as without.
 */
import { setFlagsFromString } from 'node:v8'
import { refuseUnknown } from '../options/known.js'
import {
  compileKernels,
  hasStarted,
  isFaster,
  isSupported,
  kernelTrial,
  setPaired,
  type KernelBuild,
} from '../run/wide-vectors.js'
import type { Kernels } from './engines.js'

/** What came of it. */
export type WideVectors =
  | { /** The V8 flag that is set. */ readonly flag: string }
  | {
      /** Why not, in a sentence. */ readonly missing: string
      /** Whether they were tried, and something was wrong. */ readonly failed: boolean
    }

const flag = '--experimental-wasm-revectorize'

// An experiment may crash, which nobody can catch: so it is not made on whoever happens to have a newer V8. What these have been tested with
// is tests/kernels and tests/node/wide-vectors.test.ts. All of them compile a function carefully after 13,000,000 bytes of it have run.
const testedVersions: readonly string[] = ['13.6', '14.1', '14.6']
const [usualBudget, smallBudget] = [13_000_000, 1000]

/** Why V8 is not to be told, as far as that is known beforehand; undefined: it is worth a trial. */
export function whyNoWideVectors({ v8, arch }: { v8: string; arch: string }): string | undefined {
  if (arch !== 'x64') return `V8 pairs vectors on x64 only; this is ${arch}`
  const [major, minor] = v8.split('.').map(Number)
  if (testedVersions.includes(`${major}.${minor}`)) return undefined
  const isOld = testedVersions.every((tested) => major < Number.parseInt(tested))
  return isOld
    ? `V8 ${major}.${minor} does not pair vectors for these kernels; Node 24 does`
    : `V8 ${major}.${minor} has not been tested with ${flag}; tested are ${testedVersions.join(', ')}`
}

/**
 * Lets V8 use vectors of 256 bits for the kernels: the same bits in less time. To be called before the first engine, model, graph or matrix is
 * made, since V8 does not compile anew what it has compiled; in a worker that makes its own as well. It sets a V8 flag for the whole process, after a trial of
 * about a tenth of a second; where there can be no such vectors, all is as before.
 *
 * @param options.kernels what will be started; default: `relaxed` and `plain`
 */
export function useWideVectors(options: { kernels?: Kernels } = {}): WideVectors {
  refuseUnknown('useWideVectors', options, { kernels: true })
  if (hasStarted()) return { missing: 'an engine has been started before, with vectors of 128 bits', failed: false }
  const builds = buildsOf(options.kernels)
  const result = tryWideVectors(builds)
  if ('flag' in result) builds.forEach(setPaired)
  return result
}

const buildsOf = (kernels: Kernels | undefined): readonly KernelBuild[] => {
  const builds: readonly KernelBuild[] =
    kernels === 'native' ? ['relaxed'] : kernels === undefined ? ['relaxed', 'plain'] : kernels === 'reference' ? [] : [kernels]
  return builds.filter(isSupported)
}

/** Sets the flag, and leaves it set if all is well. */
export function tryWideVectors(builds: readonly KernelBuild[]): WideVectors {
  const isAsked = process.execArgv.includes(flag)
  const why = isAsked ? undefined : whyNoWideVectors({ v8: process.versions.v8, arch: process.arch })
  if (why !== undefined) return { missing: why, failed: false }
  for (const build of builds) {
    setFlagsFromString(negated(flag))
    const expected = kernelTrial(compileKernels(build, false))
    setFlagsFromString(flag)
    const wrong = whatIsWrong(build, expected)
    if (wrong !== undefined) {
      setFlagsFromString(negated(flag))
      return wrong
    }
  }
  setFlagsFromString(flag)
  return { flag }
}

const negated = (name: string): string => name.replace('--', '--no-')

function whatIsWrong(build: KernelBuild, expected: Uint32Array): WideVectors | undefined {
  // V8 pairs only what it compiles with care, which it does late and aside; here, soon and at once.
  setFlagsFromString('--wasm-sync-tier-up')
  setFlagsFromString(`--wasm-tiering-budget=${smallBudget}`)
  try {
    const kernels = compileKernels(build, true)
    kernelTrial(kernels)
    const actual = kernelTrial(kernels)
    if (actual.some((word, i) => word !== expected[i])) {
      return { missing: `with ${flag}, the ${build} kernels compute something else`, failed: true }
    }
    if (!isFaster(kernels)) return { missing: `with ${flag}, products are no faster on this processor`, failed: false }
    return undefined
  } finally {
    setFlagsFromString('--no-wasm-sync-tier-up')
    setFlagsFromString(`--wasm-tiering-budget=${usualBudget}`)
  }
}
