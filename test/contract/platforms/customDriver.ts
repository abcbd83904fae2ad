import { credentialsOf, describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import { makeItem } from '../../../src/simulation/custom/items.ts';
import type { PagingKind } from '../../../src/simulation/custom/paging.ts';
import { startSimulatedApi } from '../../../src/simulation/custom/simulatedApi.ts';
import { buildConnected, integrationsPath } from '../../support/builders.ts';
import type { ContentDriver } from './contentSuite.ts';

/** Terms are written only when the description lists them. */
const WRITTEN = ['title', 'slug', 'body', 'excerpt', 'status', 'content_key', 'terms'];

const DISTORTIONS = {
  drops: 'items_left_out',
  doubles: 'items_doubled',
  shortens: 'lists_shortened',
  reorders: 'order_forced',
} as const;

/** A simulated API with a description, whose list has this kind of paging. */
export function customDriver(paging: PagingKind): ContentDriver {
  return {
    name: `a custom API with pages by ${paging}`,
    type: 'article',
    terms: [{ taxonomy: 'tag', slug: 'brand-new', name: 'Brand new' }],
    undated: ['a tag is renamed', 'a tag is deleted', 'a text is replaced'],
    hasExcerpt: true,
    staysDraft: null,
    async start(server) {
      const api = await startSimulatedApi({ paging });
      const description = describeApi(api);
      let lastId = 0;
      const everywhere = (change: (attributes: (typeof api.items)[number]['attributes']) => void) => {
        for (const { attributes } of api.items) change(attributes);
      };
      const changes: Record<string, () => void> = {
        'a tag is renamed': () =>
          everywhere((attributes) => {
            attributes.tags = attributes.tags.map(() => ({ key: 'renamed', label: 'Renamed' }));
          }),
        'a tag is deleted': () =>
          everywhere((attributes) => {
            attributes.tags = [];
          }),
        'a text is replaced': () =>
          everywhere((attributes) => {
            attributes.text = attributes.text?.replaceAll('Text', 'Replaced') ?? null;
          }),
      };
      const { owner, site, integrationId } = await buildConnected(server, {
        platform: 'custom',
        config_json: { ...description, content: { ...description.content, write: WRITTEN } },
        credentials_json: credentialsOf(api.auth),
      });
      return {
        siteId: site.siteId,
        owner,
        integration: `${integrationsPath}/${integrationId}`,
        list: () =>
          api.items.map(({ id, attributes }) => ({
            external_id: String(id),
            content_type: 'article',
            title: attributes.title,
            slug: attributes.slug,
            body: attributes.text ?? '',
            excerpt: attributes.summary ?? '',
            external_status: attributes.state,
            terms: attributes.tags.map(({ key }) => `tag:${key}`).sort(),
          })),
        // An API of one's own lists no terms.
        terms: () => [],
        create(title) {
          // The API uses an id only once, even after its item was deleted.
          lastId = Math.max(lastId, ...api.items.map((item) => item.id)) + 1;
          const id = lastId;
          api.items.push(makeItem(id));
          api.edit(id, { title, state: 'live' });
          return String(id);
        },
        retitle(id, title, options) {
          const item = api.items.find((each) => String(each.id) === id);
          if (options?.undated && item) item.attributes.title = title;
          else api.edit(Number(id), { title });
        },
        changeUndated: (name) => changes[name]?.(),
        remove: (id) => {
          api.items.splice(
            api.items.findIndex((item) => String(item.id) === id),
            1,
          );
        },
        distort(how) {
          api.clearFaults();
          if (how !== null) api.setFault(DISTORTIONS[how]);
        },
        loseAnswers: () => api.setFault('create_cut_after_success'),
        stop: () => api.stop(),
      };
    },
  };
}
