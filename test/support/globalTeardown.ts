/** After all test files, passed or failed: ends what globalSetup.ts started. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.stopTestDatabases?.();
}
