/** Runs after all test files, passed or failed: stops what globalSetup.ts started. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.stopTestDatabases?.();
}
