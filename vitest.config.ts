import { defineConfig } from 'vitest/config';

/** Three kinds of test: `*.test.ts` needs nothing, `*.int.test.ts` a kernel or the engine, `e2e/*.spec.ts` the whole house. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: ['**/*.int.test.ts', 'node_modules', 'dist', '.next', 'out'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.int.test.ts'],
          exclude: ['node_modules', 'dist', '.next', 'out'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // They share one kernel and two cores: one file at a time.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.spec.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
