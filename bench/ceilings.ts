/** The most that one processor of this machine multiplies, by each kind of kernels: `bench --task gemm`, a process each. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findNativeLibrary } from 'unrolled/node'
import { newestNode } from './contenders.js'
import type { GemmReport } from './gemm.js'
import type { Ceiling, Ceilings } from './report.js'

const seconds = 4

export async function ceilings(): Promise<Ceilings> {
  const all: Ceiling[] = []
  const lacking: string[] = []
  const add = (name: string, node: string, args: readonly string[], hasRegisters = true): void => {
    try {
      const { peak, shapes } = gemm(node, args)
      const { shape, gflops } = shapes.reduce((a, b) => (b.gflops.best > a.gflops.best ? b : a))
      all.push({ kernels: name, ...(hasRegisters ? { registers: peak } : {}), product: gflops.best, shape })
    } catch (error) {
      lacking.push(`${name}: ${(error as Error).message}`)
    }
  }
  for (const kernels of ['plain', 'relaxed']) add(kernels, process.execPath, ['--kernels', kernels, '--no-wide-vectors'])
  if (Number.parseInt(process.versions.node) >= 24 || newestNode !== process.execPath) {
    add('relaxed, 256 bits', newestNode, ['--kernels', 'relaxed'])
  }
  try {
    const { name, version = '', core = 'core unknown' } = await findNativeLibrary()
    add(`native, ${name} ${version} (${core})`, process.execPath, ['--kernels', 'native'], false)
  } catch (error) {
    lacking.push(`native: ${(error as Error).message}`)
  }
  return { all, lacking }
}

function gemm(node: string, args: readonly string[]): GemmReport {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _size, ...env } = process.env
  const main = fileURLToPath(new URL('main.js', import.meta.url))
  const options = ['--task', 'gemm', '--json', '--seconds', String(seconds), ...args]
  const text = execFileSync(node, [main, ...options], {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 120_000,
  })
  return JSON.parse(text) as GemmReport
}
