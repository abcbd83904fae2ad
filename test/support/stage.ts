/** The servers that most test files need: started before the first test of the file, stopped after the last. */
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, enterKey, integrationsPath, type TestTenant } from './builders.ts';
import { type Gate, startGate } from './gate.ts';
import { startTestServer, type TestServer } from './server.ts';
import type { SyncedSite } from './syncedSite.ts';

/** A server with one tenant for all tests of the file. `use` is called before the first test. */
export function withTenant(use: (stage: { server: TestServer; tenant: TestTenant }) => void): void {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    use({ server, tenant: await buildTenant(server) });
  });
  afterAll(() => server.stop());
}

interface WordpressStage {
  server: TestServer;
  wordpress: SimulatedWordpress;
  /** Stands in front of the WordPress, and is open. */
  gate: Gate;
  tenant: TestTenant;
  /** The path of the tenant's integration. */
  path: string;
}

/**
 * A server, a simulated WordPress, and a new tenant for each test. With `gated` the tenant's site has the address of
 * the gate. `use` is called before each test, when the plugin holds the tenant's key and no fault is set.
 */
export function withWordpress(use: (stage: WordpressStage) => void, options: { gated?: true } = {}): void {
  let server: TestServer;
  let wordpress: SimulatedWordpress;
  let gate: Gate;
  beforeAll(async () => {
    server = await startTestServer();
    wordpress = await startSimulatedWordpress({ siteId: 0 });
    gate = await startGate(wordpress.url);
  });
  beforeEach(async () => {
    wordpress.clearFaults();
    gate.open();
    const tenant = await buildTenant(server, options.gated ? gate.url : wordpress.url);
    enterKey(wordpress, tenant.site);
    use({ server, wordpress, gate, tenant, path: `${integrationsPath}/${tenant.integrationId}` });
  });
  afterAll(async () => {
    await gate.stop();
    await wordpress.stop();
    await server.stop();
  });
}

/**
 * A server for all tests of the file. `use` is called before the first test. After each test the WordPress of the
 * site that `site` returns is stopped.
 */
export function withSyncedSites(use: (server: TestServer) => void, site: () => SyncedSite): void {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    use(server);
  });
  afterEach(() => site().wordpress.stop());
  afterAll(() => server.stop());
}
