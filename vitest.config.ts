import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'data/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Two cores, but much of the time is spent waiting for leases and processes of their own.
    maxWorkers: 3,
    // `.ci/run` counts from the report.
    reporters: ['default', ['json', { outputFile: 'node_modules/.vitest/report.json' }]],
  },
})
