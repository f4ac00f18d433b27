/** One Jest for the whole repository: native ESM, TypeScript through esbuild. `*.e2e.test.ts` start real parts. */
export default {
  roots: ['<rootDir>/packages', '<rootDir>/tools'],
  testMatch: ['**/*.test.ts'],
  // What takes long is run by `npm run conformance`.
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '\\.conformance\\.test\\.ts$'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/tools/testing/transform.js' },
  testEnvironment: '<rootDir>/tools/testing/environment.js',
  globalSetup: '<rootDir>/tools/build/fresh-bundles.js',
  setupFilesAfterEnv: ['<rootDir>/tools/testing/standard-streams.js'],
  maxWorkers: 2,
};
