import { startSimulatedWordpress } from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, enterKey } from '../../support/builders.ts';
import { syncedTenant, type Way } from '../../support/syncedSite.ts';
import { markedTexts, type SiteSide } from './siteSide.ts';

const password = { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' };
const hourMs = 3_600_000;

/** A simulated WordPress, reached by its connector or by an application password. */
export async function wordpressSide(way: Way): Promise<SiteSide> {
  const isConnected = way === 'connector';
  const wordpress = await startSimulatedWordpress({
    siteId: 1,
    ...(isConnected ? {} : { connector: null }),
  });
  const { state, editor, clock } = wordpress;
  state.posts = state.posts.filter(({ type, status }) => type === 'post' && status === 'publish');
  for (const [index, post] of state.posts.entries()) {
    const { title, body } = markedTexts(index + 1);
    Object.assign(post, { title, content: body });
  }
  clock.offsetMs = -hourMs;
  const writes = ({ method, target }: { method: string; target: string }) =>
    method !== 'GET' && /batch|items|posts/.test(target);
  return {
    contentType: 'post',
    environment: {},
    remembersWrites: isConnected,
    keepsKeys: isConnected,
    async connect(server) {
      const tenant = await buildTenant(server, wordpress.url);
      if (isConnected) enterKey(wordpress, tenant.site);
      else {
        const { path } = syncedTenant(server, tenant);
        await server.as(tenant.owner).patch(path(), { credentials_json: password }).expect(200);
      }
      return tenant;
    },
    reconnect: ({ site }) => {
      if (isConnected) enterKey(wordpress, site);
    },
    items: () =>
      state.posts
        .filter(({ status }) => status !== 'auto-draft')
        .map(({ id, title, content }) => ({ id: String(id), title, body: content })),
    create: ({ title, body }) => void editor.create('post', { title, content: body, status: 'publish' }),
    edit: (id, { title, body }) =>
      void editor.edit(Number(id), {
        ...(title === undefined ? {} : { title }),
        ...(body === undefined ? {} : { content: body }),
      }),
    remove: (id) => editor.delete(Number(id)),
    loseAnswers: (times) => wordpress.disturb({ fault: 'error_after', when: writes, times }),
    calm: () => wordpress.calm(),
    // Posts are dated to the second, and no two of them are born in one.
    pass: () => {
      clock.offsetMs += 2_000;
    },
    deliverWebhooks: async (serverUrl) => {
      if (isConnected) await wordpress.deliverWebhooks({ serverUrl });
    },
    loseWebhook: () => void (wordpress.webhooks as unknown[]).shift(),
    backup: () => wordpress.backup(),
    stop: () => wordpress.stop(),
  };
}
