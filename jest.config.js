/** One Jest for the whole repository: native ESM, TypeScript through esbuild. `*.e2e.test.ts` start real parts. */
export default {
  roots: ['<rootDir>/packages', '<rootDir>/tools'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/tools/testing/transform.js' },
  testEnvironment: 'node',
  testTimeout: 60_000,
  maxWorkers: 2,
};
