/** The laws for both sides after a quiet sync, whatever happened before. */
import type { Content } from '../../src/database/generated/client.ts';
import { localStatus } from '../../src/platforms/wordpress/content/postFields.ts';
import { wantedStatus } from '../../src/services/content/sentAndKept.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import type { World } from './world.ts';
import { pieceOf } from './writings.ts';

/** Every violation of the laws, each as a sentence. */
export async function broken(world: World): Promise<string[]> {
  const contents = await world.site.contents();
  const posts = world.posts();
  return [
    ...unequal(world, contents, posts),
    ...doubled(contents, posts),
    ...doubledTerms(world),
    ...(await lost(world, contents, posts)),
    ...world.violations,
    ...(await unwatched(world)),
    ...(await untold(world, contents)),
    ...(await hanging(world)),
    ...deletedBySync(world),
  ];
}

function unequal(world: World, contents: Content[], posts: SimulatedPost[]): string[] {
  const found: string[] = [];
  const byId = new Map<string, Content>();
  for (const content of contents)
    if (content.externalId !== null) byId.set(`${content.contentType} ${content.externalId}`, content);
  for (const post of posts) {
    const name = `${post.type} ${post.id}`;
    const content = byId.get(name);
    byId.delete(name);
    if (post.status === 'trash') {
      if (content && !isGone(content)) found.push(`${name} is in the trash, and here ${content.syncState}.`);
      continue;
    }
    if (!content) found.push(`${name} is not here.`);
    else if (content.syncState === 'excluded') found.push(...textsOf(name, content));
    else if (content.syncState === 'in_sync') found.push(...differences(world, name, content, post));
    else if (content.syncState !== 'conflict') found.push(`${name} is ${content.syncState} here.`);
  }
  return [...found, ...unmatched(byId), ...onNoSite(contents)];
}

/** Is the content's post known to be gone, or of no interest? */
function isGone({ syncState }: Content): boolean {
  return syncState === 'deleted_remote' || syncState === 'excluded';
}

/** The texts of a content that was deleted here. */
function textsOf(name: string, { title, body }: Content): string[] {
  return title === '' && body === '' ? [] : [`${name} was deleted here, and its texts are still stored.`];
}

/** Contents whose posts are gone and that are not known to be deleted. */
function unmatched(byId: ReadonlyMap<string, Content>): string[] {
  return [...byId]
    .filter(([, content]) => !isGone(content))
    .map(([name, { syncState }]) => `${name} is ${syncState} here, and gone from the site.`);
}

/** Contents that are on no site, though they should be. */
function onNoSite(contents: Content[]): string[] {
  return contents.flatMap(({ id, externalId, status, syncState }) => {
    if (externalId !== null || syncState === 'excluded') return [];
    if (syncState !== 'local_only') return [`Content ${id} is on no site and ${syncState}.`];
    return status === 'ready' ? [`Content ${id} is ready and was not published.`] : [];
  });
}

function differences(world: World, name: string, content: Content, post: SimulatedPost): string[] {
  const { state } = world.site.wordpress;
  const terms = (content.terms as { taxonomy: string; slug: string; name: string }[])
    .map(({ taxonomy, slug, name }) => `${taxonomy}:${slug}:${name}`)
    .sort();
  const postTerms = (post.terms ?? [])
    .map((id) => state.terms.find((term) => term.id === id))
    .map((term) => `${term?.taxonomy}:${term?.slug}:${term?.name}`)
    .sort();
  const pairs: [string, unknown, unknown][] = [
    ['title', content.title, post.title],
    ['body', content.body, post.content],
    ['excerpt', content.excerpt, post.excerpt ?? ''],
    ['slug', content.slug, post.slug],
    ['status', wantedStatus(content.status), localStatus(post.status)],
    ['status of the site', content.externalStatus, post.status],
    ['terms', terms.join(), postTerms.join()],
    ['link', content.externalUrl, world.site.wordpress.permalink(post.id)],
    ['author', (content.metadata as Record<string, unknown>).author ?? 0, post.author ?? 0],
    ['picture', (content.metadata as Record<string, unknown>).featured_media ?? 0, post.featured_media ?? 0],
    [
      'meta',
      (content.metadata as Record<string, unknown>).subtitle ?? '',
      post.type === 'post' ? (post.meta?.subtitle ?? '') : '',
    ],
  ];
  return pairs
    .filter(([, here, there]) => here !== there)
    .map(([field, here, there]) => `${field} of ${name} is ${here} here, ${there} on the site.`);
}

function doubled(contents: Content[], posts: SimulatedPost[]): string[] {
  const count = (bodies: string[]) => {
    const counts = new Map<string, number>();
    for (const body of bodies) {
      const piece = /o[1-9]\d*/.exec(body)?.[0];
      if (piece !== undefined) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
    return [...counts].filter(([, times]) => times > 1);
  };
  return [
    ...count(posts.map(({ content }) => content)).map(([piece, n]) => `${piece} is on the site ${n} times.`),
    ...count(contents.map(({ body }) => body)).map(([piece, n]) => `${piece} is here ${n} times.`),
  ];
}

/** Terms with a number in their slug, which WordPress makes beside a term with this slug. */
function doubledTerms({ site }: World): string[] {
  return site.wordpress.state.terms
    .filter(({ slug }) => /-\d+$/.test(slug))
    .map(({ taxonomy, slug }) => `The ${taxonomy} ${slug} was made beside another.`);
}

async function lost(world: World, contents: Content[], posts: SimulatedPost[]): Promise<string[]> {
  const titles = new Set([...contents, ...posts].map(({ title }) => title));
  const gone = [...world.writings.alive].filter((title) => !titles.has(title));
  const settled = gone.length > 0 && world.rule !== 'flag' ? await settledPieces(world, contents) : new Set();
  return gone
    .filter((title) => !settled.has(world.writings.pieces.get(title)))
    .map((title) => `${title} is lost.`);
}

/** The pieces of contents whose conflicts the integration's rule has settled, so that one side gave way. */
async function settledPieces(world: World, contents: Content[]): Promise<Set<string>> {
  const events = await world.server.db.syncEvent.findMany({
    where: { siteId: world.site.tenant.site.siteId, contentId: { not: null } },
    select: { contentId: true, action: true, details: true },
  });
  const settled = new Set(
    events
      .filter(({ action, details }) => /"settled_(local|remote)"/.test(JSON.stringify([action, details])))
      .map(({ contentId }) => contentId),
  );
  return new Set(contents.filter(({ id }) => settled.has(id)).map(({ body }) => pieceOf(body)));
}

/** After a run that ended well, each type has the place from which its next reading begins. */
async function unwatched(world: World): Promise<string[]> {
  if (world.runs.at(-1)?.status !== 'success') return [];
  const { integrationId } = world.site.tenant;
  const read = await world.server.db.typeSync.findMany({ where: { integrationId } });
  return ['post', 'page'].flatMap((type) => {
    const reading = read.find(({ contentType }) => contentType === type);
    if (!reading) return [`The next reading of ${type} has no beginning.`];
    return reading.fullyReadAt > reading.readAt ? [`${type} was read in full after it was last read.`] : [];
  });
}

async function untold(world: World, contents: Content[]): Promise<string[]> {
  const told = await world.server.db.syncEvent.findMany({
    where: { siteId: world.site.tenant.site.siteId, action: 'conflict' },
    select: { contentId: true },
  });
  const ids = new Set(told.map(({ contentId }) => contentId));
  return contents
    .filter(({ id, syncState }) => syncState === 'conflict' && !ids.has(id))
    .map(({ id }) => `No event tells of the conflict of content ${id}.`);
}

async function hanging(world: World): Promise<string[]> {
  const { integrationId } = world.site.tenant;
  const runs = await world.server.db.syncRun.findMany({
    where: { integrationId, status: { in: ['queued', 'syncing'] } },
  });
  return runs.map(({ id, status }) => `Run ${id} is still ${status}.`);
}

function deletedBySync(world: World): string[] {
  return world.site.wordpress.state.requests
    .filter(({ method }) => method === 'DELETE')
    .map(({ target }) => `The server sent DELETE ${target}.`);
}
