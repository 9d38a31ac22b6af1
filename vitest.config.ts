import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const major = Number.parseInt(process.versions.node)

export default defineConfig({
  test: {
    // The last line of CI is counted from the file.
    reporters: process.env.CI ? ['default', ['json', { outputFile: 'build/tests.json' }]] : ['default'],
    // Node 20 has relaxed SIMD behind a flag that it takes until the first module is compiled.
    execArgv: ['--expose-gc', ...(major < 22 ? ['--experimental-wasm-relaxed-simd'] : [])],
    pool: 'forks',
    maxWorkers: availableParallelism(),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/**/*.test.ts'],
          // What needs other systems installed has a configuration and a command of its own.
          exclude: ['tests/package/**', 'tests/studio/**', 'tests/interop/**'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Installs, bundles, starts processes: afterwards, so that nothing that is measured suffers from it.
        extends: true,
        test: {
          name: 'package',
          include: ['tests/package/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Browsers, one at a time: how smoothly the page runs is measured.
        extends: true,
        test: {
          name: 'studio',
          include: ['tests/studio/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
