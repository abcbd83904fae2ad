/** The suite that stops and kills processes, PostgreSQL and Redis. `npm run test:chaos` runs it. */
import shared from '../jest.config.js';

const { globalSetup: _setup, globalTeardown: _teardown, ...rest } = shared;

export default {
  ...rest,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/chaos/**/*.test.ts'],
  testPathIgnorePatterns: [],
  // All faults and checks together. What hangs ends.
  testTimeout: 1_800_000,
};
