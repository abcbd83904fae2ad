/** The laws for a site and its servers after a quiet sync, whatever was restored before. */
import type { Content } from '../../../src/database/generated/client.ts';
import type { ServerLife } from './serverLife.ts';
import type { SiteItem } from './siteSide.ts';
import { pieceOf } from './texts.ts';
import type { RestoredWorld } from './world.ts';

/**
 * Every violation of the laws, each as a sentence. Two laws are weaker than in the property without restored
 * sides. A text that after a restore is in no database and on no site does not count as lost. On a site that
 * keeps no keys, an item may be created twice if it was retitled since the backup, or if the site was
 * restored too and the item's id had been another content's.
 */
export async function broken(world: RestoredWorld): Promise<string[]> {
  const items = world.side.items();
  const { contents } = world.life;
  return [
    ...world.violations,
    ...unequal(contents, items),
    ...doubled(world, contents, items),
    ...lost(world, items),
    ...(await untold(world.life)),
  ];
}

function unequal(contents: readonly Content[], items: readonly SiteItem[]): string[] {
  const byId = new Map(contents.map((content) => [content.externalId, content]));
  const differing = items.flatMap((item) => unequalTo(item, byId.get(item.id)));
  for (const { id } of items) byId.delete(id);
  return [...differing, ...contents.flatMap((content) => astray(content, byId.has(content.externalId)))];
}

function unequalTo({ id, title, body }: SiteItem, content: Content | undefined): string[] {
  if (!content) return [`Item ${id} is not here.`];
  if (content.syncState === 'conflict') return [];
  if (content.syncState === 'excluded')
    return content.title === '' && content.body === '' ? [] : [`Item ${id} was deleted here, and has texts.`];
  if (content.syncState !== 'in_sync') return [`Item ${id} is ${content.syncState} here.`];
  return [
    ...(content.title === title ? [] : [`Item ${id} is ${content.title} here, ${title} on the site.`]),
    ...(content.body === body ? [] : [`Item ${id} is ${content.body} here, ${body} on the site.`]),
  ];
}

/** `isMissing`: the site has no item of the content's external id. */
function astray({ id, externalId, status, syncState }: Content, isMissing: boolean): string[] {
  if (syncState === 'deleted_remote' || syncState === 'excluded') return [];
  if (externalId !== null)
    return isMissing ? [`Content ${id} is ${syncState}, and its item ${externalId} gone from the site.`] : [];
  return syncState === 'local_only' && status !== 'ready'
    ? []
    : [`Content ${id} is on no site, ${status} and ${syncState}.`];
}

function doubled(world: RestoredWorld, contents: readonly Content[], items: readonly SiteItem[]): string[] {
  const isUnknowable = (piece: string) =>
    world.databaseRestored && !world.side.keepsKeys && (world.siteRestored || world.retitled.has(piece));
  const twice = (bodies: string[]) => {
    const counts = new Map<string, number>();
    for (const body of bodies) {
      const piece = pieceOf(body);
      if (piece !== null) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
    return [...counts].filter(([piece, times]) => times > 1 && !isUnknowable(piece));
  };
  // A content whose item was deleted remains beside the content of the restored item.
  const there = contents.filter(({ syncState }) => syncState !== 'deleted_remote');
  return [
    ...twice(items.map(({ body }) => body)).map(([piece, n]) => `${piece} is on the site ${n} times.`),
    ...twice(there.map(({ body }) => body)).map(([piece, n]) => `${piece} is here ${n} times.`),
  ];
}

function lost(world: RestoredWorld, items: readonly SiteItem[]): string[] {
  const contents = world.lives.flatMap((life) => life.contents);
  const titles = new Set([...contents, ...items].map(({ title }) => title));
  return [...world.alive].filter((title) => !titles.has(title)).map((title) => `${title} is lost.`);
}

async function untold({ server, site, contents }: ServerLife): Promise<string[]> {
  const told = await server.db.syncEvent.findMany({
    where: { siteId: site.tenant.site.siteId, action: 'conflict' },
    select: { contentId: true },
  });
  const ids = new Set(told.map(({ contentId }) => contentId));
  return contents
    .filter(({ id, syncState }) => syncState === 'conflict' && !ids.has(id))
    .map(({ id }) => `No event tells of the conflict of content ${id}.`);
}
