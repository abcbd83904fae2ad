/** A site that connects itself by POST /integrations/test-connection. */
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Test } from 'supertest';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import {
  buildAccount,
  buildSite,
  enterKey,
  integrationsPath,
  type TestSite,
  type TestUser,
} from './builders.ts';
import { type Gate, startGate } from './gate.ts';
import { startTestServer, type TestServer } from './server.ts';

export const onboardingPath = `${integrationsPath}/test-connection`;

export interface OnboardingStage {
  server: TestServer;
  owner: TestUser;
  wordpress: SimulatedWordpress;
  /** Stands in front of the WordPress, and is open. */
  gate: Gate;
  /** A new site for each test. Its key stands in the plugin. */
  site: TestSite;
  /** Connects the site as its plugin does. */
  connect(more?: object): Test;
}

/** A server and a simulated WordPress, and a new site for each test. `use` is called before each test. */
export function withOnboarding(use: (stage: OnboardingStage) => void): void {
  let server: TestServer;
  let owner: TestUser;
  let wordpress: SimulatedWordpress;
  let gate: Gate;
  beforeAll(async () => {
    server = await startTestServer();
    owner = await buildAccount(server);
    wordpress = await startSimulatedWordpress({ siteId: 0 });
    gate = await startGate(wordpress.url);
  });
  beforeEach(async () => {
    wordpress.clearFaults();
    gate.open();
    const site = await buildSite(server, owner.accountId);
    enterKey(wordpress, site);
    const body = { site_id: site.siteId, api_key: site.key, site_url: wordpress.url };
    use({
      server,
      owner,
      wordpress,
      gate,
      site,
      connect: (more = {}) => server.anyone.post(onboardingPath, { ...body, ...more }),
    });
  });
  afterAll(async () => {
    await gate.stop();
    await wordpress.stop();
    await server.stop();
  });
}

/** The result of a test that passed. */
export const passedResult = {
  success: true,
  code: 'ok',
  message: expect.any(String),
  hint: '',
  stage: expect.any(String),
  retryable: false,
  latency_ms: expect.any(Number),
  checks: expect.any(Array),
  remote: {
    name: 'Brücke & Söhne',
    version: '6.8.2',
    plugin_version: '0.6.0',
    canonical_url: expect.any(String),
  },
};
