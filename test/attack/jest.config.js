/** The suite that attacks a server. `npm run test:attack`. */
import shared from '../jest.config.js';

export default {
  ...shared,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/attack/**/*.test.ts'],
  testPathIgnorePatterns: [],
};
