import { startSyncedSite, type Way } from '../../support/syncedSite.ts';
import type { ContentDriver } from './contentSuite.ts';

const DISTORTIONS = {
  drops: 'items_left_out',
  doubles: 'items_doubled',
  shortens: 'lists_shortened',
  reorders: 'order_forced',
} as const;

/** The simulated WordPress, reached through its connector or over core REST. */
export function wordpressDriver(way: Way): ContentDriver {
  return {
    name: `WordPress by ${way}`,
    type: 'post',
    terms: [
      { taxonomy: 'category', slug: 'news', name: 'News' },
      { taxonomy: 'post_tag', slug: 'brand-new', name: 'Brand new' },
    ],
    hasExcerpt: true,
    staysDraft: null,
    async start(server) {
      const { wordpress, tenant, path } = await startSyncedSite(server, way);
      const { editor, state } = wordpress;
      return {
        siteId: tenant.site.siteId,
        owner: tenant.owner,
        integration: path(),
        list: () =>
          state.posts
            .filter(({ status }) => !['trash', 'auto-draft'].includes(status))
            .map((post) => ({
              external_id: String(post.id),
              content_type: post.type,
              title: post.title,
              slug: post.slug,
              body: post.content,
              excerpt: post.excerpt ?? '',
              external_status: post.status,
              terms: (post.terms ?? [])
                .map((id) => state.terms.find((term) => term.id === id))
                .map((term) => `${term?.taxonomy}:${term?.slug}`)
                .sort(),
            })),
        terms: () => state.terms.map(({ taxonomy, slug }) => `${taxonomy}:${slug}`).sort(),
        create: (title) => String(editor.create('post', { title, status: 'publish' }).id),
        retitle(id, title, options) {
          if (!options?.undated) editor.edit(Number(id), { title });
          for (const post of state.posts) if (String(post.id) === id) post.title = title;
        },
        remove: (id) => editor.delete(Number(id)),
        distort(how) {
          wordpress.clearFaults();
          if (how !== null) wordpress.setFault(DISTORTIONS[how]);
        },
        loseAnswers: () =>
          wordpress.disturb({
            fault: 'dropped_after',
            times: 1,
            when: ({ method, target }) => method !== 'GET' && /batch|items|posts/.test(target),
          }),
        stop: () => wordpress.stop(),
      };
    },
  };
}
