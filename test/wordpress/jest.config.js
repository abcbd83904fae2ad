/** The suites that need a real WordPress: Debian, root, PHP, MariaDB and nginx. `npm run test:wordpress`. */
export default {
  rootDir: '../..',
  testMatch: ['<rootDir>/test/wordpress/**/*.test.ts'],
  globalSetup: '<rootDir>/test/support/globalSetup.ts',
  globalTeardown: '<rootDir>/test/support/globalTeardown.ts',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' } }] },
  // Each file has a MariaDB and PHP workers of its own; two cores are busy with one.
  maxWorkers: 1,
  // What hangs ends, and a busy machine is no reason to fail: no test measures by it.
  // Starting a WordPress on php-wasm compiles it first.
  testTimeout: process.env.PHP_VERSION ? 600_000 : 180_000,
};
