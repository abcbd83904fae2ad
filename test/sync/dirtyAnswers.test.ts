/** Runs of sites whose answers are disturbed: other output beside the JSON, or line breaks inside its texts. */
import { describe, expect, it } from '@jest/globals';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

async function problem() {
  const { body } = await server.as(site.tenant.owner).get(site.path('/debug-status')).expect(200);
  return body.problems.find((each: { code: string }) => each.code === 'dirty_json');
}

const WAYS: Way[] = ['connector', 'password'];

describe.each(WAYS)('by %s', (way) => {
  it.each(['dirty_json_named', 'dirty_json_raw_controls'] as const)(
    'a run with %s reads on, and tells it once until the answers are clean',
    async (fault) => {
      site = await startSyncedSite(server, way);
      const { posts } = site.wordpress.state;
      for (const post of posts) post.content += '\n\ttext';
      site.wordpress.setFault(fault);
      expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success', error: null });
      expect((await site.contents()).length).toBeGreaterThan(0);
      const where = { integrationId: site.tenant.integrationId, action: 'answers_disturbed' };
      expect(await server.db.syncEvent.findMany({ where })).toEqual([
        expect.objectContaining({
          eventType: 'connection',
          success: false,
          errorMessage: expect.any(String),
        }),
      ]);
      expect(await problem()).toMatchObject({
        severity: 'warning',
        message: expect.stringMatching(fault === 'dirty_json_named' ? /\.php/ : /line breaks or tabs/),
        hint: expect.any(String),
      });
      site.wordpress.clearFaults();
      expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
      expect(await problem()).toBeUndefined();
    },
  );
});
