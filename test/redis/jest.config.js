/** The suite that needs a Redis at REDIS_URL. `npm run test:redis` starts one. */
import shared from '../jest.config.js';

export default {
  ...shared,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/redis/**/*.test.ts'],
  testPathIgnorePatterns: [],
};
