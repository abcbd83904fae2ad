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
    undated: [
      'a category is renamed and gets a new slug',
      'a tag is deleted',
      'a user is deleted, and the posts go to another',
      'a picture is deleted from the library',
      'the permalinks are changed',
      'a text is replaced by SQL',
    ],
    hasExcerpt: true,
    staysDraft: null,
    async start(server) {
      const { wordpress, tenant, path } = await startSyncedSite(server, way);
      const { editor, state } = wordpress;
      const picture = editor.create('attachment', { title: 'Picture', status: 'inherit' });
      state.users.push({ id: 77, login: 'writer', role: 'author', applicationPassword: null });
      for (const post of state.posts.filter(({ type }) => type === 'post').slice(0, 2))
        Object.assign(post, { author: 77, featured_media: picture.id });
      if (state.connector !== null) state.connector.version = '0.6.0';
      const changes: Record<string, () => void> = {
        'a category is renamed and gets a new slug': () => editor.editTerm(2, { name: 'New', slug: 'new' }),
        'a tag is deleted': () => editor.deleteTerm(3),
        'a user is deleted, and the posts go to another': () => editor.deleteUser(77, 1),
        'a picture is deleted from the library': () => editor.deletePicture(picture.id),
        'the permalinks are changed': () => editor.setPermalinks('/archives/%post_id%'),
        'a text is replaced by SQL': () => editor.replaceByQuery('e', 'E'),
      };
      return {
        siteId: tenant.site.siteId,
        owner: tenant.owner,
        integration: path(),
        list: () =>
          state.posts
            .filter(({ type, status }) => type !== 'attachment' && !['trash', 'auto-draft'].includes(status))
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
        changeUndated: (name) => changes[name]?.(),
        facts: () =>
          new Map(
            state.posts
              .filter(({ type, status }) => type === 'post' && !['trash', 'auto-draft'].includes(status))
              .map(({ id, author = 1, featured_media = 0 }) => [
                String(id),
                { url: wordpress.permalink(id), author, picture: featured_media },
              ]),
          ),
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
