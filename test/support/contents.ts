/** Posts of a simulated WordPress, and the contents on the server that belong to them. */
import type { Content } from '../../src/database/generated/client.ts';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { integrationsPath, type TestTenant } from './builders.ts';
import type { TestServer } from './server.ts';

/** Someone writes a post in WordPress, with the terms News and green, dated 1 March, 10:00. */
export function writePost(
  wordpress: SimulatedWordpress,
  changes: Partial<SimulatedPost> = {},
): SimulatedPost {
  const { posts } = wordpress.state;
  const id = Math.max(...posts.map((post) => post.id)) + 1;
  const post: SimulatedPost = {
    id,
    type: 'post',
    status: 'publish',
    slug: `post-${id}`,
    title: `Post ${id}`,
    content: `<p>Text ${id}</p>`,
    terms: [2, 3],
    date_gmt: '2026-03-01T10:00:00',
    modified_gmt: '2026-03-01T10:00:00',
    ...changes,
  };
  posts.push(post);
  return post;
}

/** A content of this post, in sync with the site. */
export async function buildContent(
  server: TestServer,
  tenant: TestTenant,
  post: SimulatedPost,
): Promise<Content> {
  const { id } = await server.db.content.create({
    data: {
      accountId: tenant.accountId,
      siteId: tenant.site.siteId,
      platform: 'wordpress',
      contentType: post.type,
      externalId: String(post.id),
      syncedVersion: 1,
    },
  });
  await server
    .as(tenant.owner)
    .post(`${integrationsPath}/${tenant.integrationId}/sync-wordpress-content`, { content_id: id })
    .expect(200);
  return server.db.content.findUniqueOrThrow({ where: { id } });
}

/** Edits a content on the server, without a push to the site. */
export function editHere(server: TestServer, contentId: number, title: string): Promise<Content> {
  return server.db.content.update({
    where: { id: contentId },
    data: { title, localVersion: { increment: 1 }, syncState: 'local_changes' },
  });
}
