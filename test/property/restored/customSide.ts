import { credentialsOf, describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import { makeItem } from '../../../src/simulation/custom/items.ts';
import { startSimulatedApi } from '../../../src/simulation/custom/simulatedApi.ts';
import { buildConnected } from '../../support/builders.ts';
import { markedTexts, type SiteSide } from './siteSide.ts';

const written = ['title', 'slug', 'body', 'excerpt', 'status', 'content_key', 'terms'];

/** A simulated API with a description, which stores the content's key. */
export async function customSide(): Promise<SiteSide> {
  const api = await startSimulatedApi({ items: 3 });
  const edit: SiteSide['edit'] = (id, { title, body }) =>
    api.edit(Number(id), {
      ...(title === undefined ? {} : { title }),
      ...(body === undefined ? {} : { text: body }),
    });
  for (const { id } of api.items) edit(String(id), markedTexts(id));
  const description = describeApi(api);
  return {
    contentType: 'article',
    environment: {},
    remembersWrites: false,
    keepsKeys: true,
    connect: (server) =>
      buildConnected(server, {
        platform: 'custom',
        config_json: { ...description, content: { ...description.content, write: written } },
        credentials_json: credentialsOf(api.auth),
      }),
    reconnect: () => undefined,
    items: () =>
      api.items.map(({ id, attributes: { title, text } }) => ({ id: String(id), title, body: text ?? '' })),
    create: (texts) => {
      const id = Math.max(0, ...api.items.map((item) => item.id)) + 1;
      api.items.push(makeItem(id));
      api.edit(id, { slug: texts.title.toLowerCase().replace(/[^a-z0-9]+/g, '-'), state: 'live' });
      edit(String(id), texts);
    },
    edit,
    remove: (id) => {
      api.items.splice(
        api.items.findIndex((item) => String(item.id) === id),
        1,
      );
    },
    loseAnswers: () => api.setFault('create_cut_after_success'),
    calm: () => api.clearFaults(),
    pass: () => undefined,
    deliverWebhooks: async () => undefined,
    loseWebhook: () => undefined,
    backup() {
      const kept = structuredClone(api.items);
      return () => void api.items.splice(0, Number.POSITIVE_INFINITY, ...structuredClone(kept));
    },
    stop: () => api.stop(),
  };
}
