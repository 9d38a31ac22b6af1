import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'interop',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    // The last line of CI is counted from the file.
    reporters: process.env.CI ? ['default', ['json', { outputFile: '../../build/interop.json' }]] : ['default'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
})
