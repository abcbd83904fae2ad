/** Who may connect a site by POST /integrations/test-connection. Its effects: onboarding.test.ts. */
import { describe, expect, test } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import {
  buildAccount,
  buildSite,
  buildSiteWithoutKey,
  buildUser,
  type TestSite,
  type TestUser,
} from '../support/builders.ts';
import { type OnboardingStage, onboardingPath, passedResult, withOnboarding } from '../support/onboarding.ts';
import { expectProblem, withoutRequestId } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let owner: TestUser;
let site: TestSite;
let wordpress: SimulatedWordpress;
let connect: OnboardingStage['connect'];
withOnboarding((stage) => {
  ({ server, owner, site, wordpress, connect } = stage);
});

const integrationsOf = (siteId: number) => server.db.siteIntegration.findMany({ where: { siteId } });

describe('without the right key', () => {
  test('an unknown site and a wrong key get the same answer, without a call or a write', async () => {
    const before = await server.db.syncEvent.count();
    const requests = wordpress.state.requests.length;
    const wrong = await connect({ api_key: `sbk_${'a'.repeat(43)}` });
    expectProblem(wrong, 403, { code: 'site_or_key_wrong' });
    const keyless = await buildSiteWithoutKey(server, owner.accountId);
    const other = await buildAccount(server);
    const theirs = await buildSite(server, other.accountId);
    const eventsOfBuilding = 1;
    for (const attempt of [
      { site_id: 2_000_000_000 },
      { site_id: 2 ** 31 },
      { site_id: theirs.siteId },
      { site_id: keyless },
      { site_id: keyless, api_key: '' },
      { api_key: '' },
      { api_key: `${site.key} ` },
      { api_key: site.key.toLowerCase() },
      { api_key: theirs.key },
    ]) {
      const answer = await connect(attempt);
      expect({ attempt, status: answer.status }).toEqual({ attempt, status: 403 });
      expect(withoutRequestId(answer.body)).toEqual(withoutRequestId(wrong.body));
    }
    expect(wordpress.state.requests).toHaveLength(requests);
    expect(await server.db.syncEvent.count()).toBe(before + eventsOfBuilding);
    expect(await server.db.siteIntegration.count({ where: { siteId: { in: [site.siteId, keyless] } } })).toBe(
      0,
    );
  });

  test("a right key of an inactive account's site gets that answer too", async () => {
    const closed = await buildAccount(server);
    const theirs = await buildSite(server, closed.accountId);
    await server.db.account.update({ where: { id: closed.accountId }, data: { isActive: false } });
    expectProblem(await connect({ site_id: theirs.siteId, api_key: theirs.key }), 403, {
      code: 'site_or_key_wrong',
    });
  });

  test('a right key in a header does not make up for a wrong key in the body', async () => {
    const answer = await connect({ api_key: 'wrong' }).set('X-API-Key', site.key);
    expectProblem(answer, 403);
  });

  test('a token does not make up for a wrong key', async () => {
    const body = { site_id: site.siteId, api_key: 'wrong', site_url: wordpress.url };
    expectProblem(await server.as(owner).post(onboardingPath, body), 403);
  });

  test.each<[object, string[]]>([
    [{}, ['site_id', 'site_url']],
    [{ site_id: 1, site_url: 'https://a.example' }, ['api_key']],
    [{ site_id: 'x', api_key: 1, site_url: null }, ['api_key', 'site_id', 'site_url']],
    [{ site_id: 0, api_key: 'x', site_url: 'https://a.example' }, ['site_id']],
    [{ site_id: -1, api_key: 'x', site_url: 'https://a.example' }, ['site_id']],
    [{ site_id: 1, api_key: 'x', site_url: '' }, ['site_url']],
    [{ site_id: 1, api_key: 'x', site_url: 'https://a.example', platform: 'wordpress' }, ['platform']],
    [{ site_id: 1, api_key: 'a\0', site_url: 'https://a.example' }, ['api_key']],
  ])('bad input %j is a 400 that names its fields', async (body, fields) => {
    expectProblem(await server.anyone.post(onboardingPath, body), 400, { code: 'invalid_input', fields });
  });

  test.each(['javascript:alert(1)', 'https://user:pass@a.example', 'ftp://a.example'])(
    'the address %s is not tested',
    async (url) => {
      const answer = await connect({ site_url: url });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('user:pass');
      expect(await integrationsOf(site.siteId)).toEqual([]);
    },
  );
});

describe('with a token', () => {
  const body = () => ({ site_id: site.siteId, site_url: wordpress.url });

  test('an editor of the account needs no key', async () => {
    const editor = await buildUser(server, owner.accountId, 'editor');
    const answer = await server.as(editor).post(onboardingPath, body());
    expect(answer.body).toEqual({ ...passedResult, integration_id: expect.any(Number) });
    const [event] = await server.db.syncEvent.findMany({ where: { siteId: site.siteId, action: 'created' } });
    expect(event?.details).toMatchObject({ user_id: editor.userId });
  });

  test("a viewer is refused, and a user of another account gets a stranger's answer", async () => {
    const viewer = await buildUser(server, owner.accountId, 'viewer');
    expectProblem(await server.as(viewer).post(onboardingPath, body()), 403, { code: 'role_too_low' });
    const stranger = await buildAccount(server);
    const foreign = await server.as(stranger).post(onboardingPath, body());
    const missing = await server.as(stranger).post(onboardingPath, { ...body(), site_id: 2_000_000_000 });
    expectProblem(foreign, 403, { code: 'site_or_key_wrong' });
    expect(withoutRequestId(missing.body)).toEqual(withoutRequestId(foreign.body));
    expect(await integrationsOf(site.siteId)).toEqual([]);
  });

  test('a site without a key is refused with the advice to make a key first', async () => {
    const keyless = await buildSiteWithoutKey(server, owner.accountId);
    const answer = await server.as(owner).post(onboardingPath, { ...body(), site_id: keyless });
    expectProblem(answer, 422, { code: 'no_api_key' });
    expect(await integrationsOf(keyless)).toEqual([]);
  });
});
