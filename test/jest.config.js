/** The suites that need no system package. `npm test`. */
export default {
  rootDir: '..',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [
    '<rootDir>/test/attack/',
    '<rootDir>/test/chaos/',
    '<rootDir>/test/redis/',
    '<rootDir>/test/wordpress/',
  ],
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }] },
  // Many files wait for processes and heartbeats more than they compute.
  maxWorkers: 2,
  // What hangs ends, and a busy machine is no reason to fail: no test measures by it.
  testTimeout: 180_000,
};
