import { startSimulatedWordpress } from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import { enterKey } from '../../support/builders.ts';
import { connectSite, type Way } from '../../support/syncedSite.ts';
import { markedTexts, type SiteSide } from './siteSide.ts';

const hourMs = 3_600_000;

/** A simulated WordPress, reached through its connector or with an application password. */
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
    connect: async (server) => (await connectSite(server, wordpress, way)).tenant,
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
    // WordPress dates posts to the second. No two posts may be created in the same second.
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
