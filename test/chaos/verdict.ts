/** Compares what was acknowledged with what is stored and with what the sites have. */
import type { Database } from '../../src/database/client.ts';
import type { Content } from '../../src/database/generated/client.ts';
import type { LoadedSite } from './loadedSite.ts';
import { type EditedContent, titleOf } from './user.ts';

/** For each kind of change, the sentences about those that were lost or doubled. Empty lists are good. */
export interface Verdict {
  webhooks: string[];
  effects: string[];
  edits: string[];
  creates: string[];
  siteTexts: string[];
  runs: string[];
}

/** Judges all sites after everything has ended. Counts lost and doubled changes in their periods. */
export async function judge(db: Database, sites: readonly LoadedSite[]): Promise<Verdict> {
  const verdict: Verdict = { webhooks: [], effects: [], edits: [], creates: [], siteTexts: [], runs: [] };
  for (const site of sites) {
    const contents = await db.content.findMany({ where: { siteId: site.tenant.site.siteId } });
    verdict.webhooks.push(...(await webhookFaults(db, site)));
    verdict.effects.push(...effectFaults(site, contents));
    if (!site.isSynced) continue;
    verdict.edits.push(...(await editFaults(db, site, contents)));
    verdict.creates.push(...createFaults(site, contents));
    verdict.siteTexts.push(...sharedTextFaults(site));
    verdict.runs.push(...(await runFaults(db, site)));
  }
  return verdict;
}

/** Each acknowledged webhook has one delivery, which is processed, and one event about it. */
async function webhookFaults(db: Database, { sender, tenant }: LoadedSite): Promise<string[]> {
  const { siteId } = tenant.site;
  const rows = await db.$queryRaw<{ webhook: string; status: string; events: number }[]>`
    SELECT d.webhook_id AS webhook, d.status::text,
           (SELECT count(*)::int FROM sync_event e
            WHERE e.site_id = d.site_id AND e.event_type = 'webhook'
              AND (e.details->>'delivery_id')::bigint = d.id) AS events
    FROM webhook_delivery d WHERE d.site_id = ${siteId}`;
  const stored = new Map(rows.map((row) => [row.webhook, row]));
  return sender.acknowledged.flatMap(({ webhookId, period }) => {
    const row = stored.get(webhookId);
    if (row?.status === 'processed' && row.events === 1) return [];
    if (row !== undefined && row.events > 1) period.doubled += 1;
    else period.lost += 1;
    return [
      `${period.name}: webhook ${webhookId} is ${row?.status ?? 'not stored'}, with ${row?.events} events`,
    ];
  });
}

/** The contents have the titles and statuses that the person gave to the posts. */
function effectFaults(
  { personPosts, wordpress, tenant }: LoadedSite,
  contents: readonly Content[],
): string[] {
  return personPosts.flatMap((id) => {
    const post = wordpress.state.posts.find((each) => each.id === id);
    const found = contents.filter(
      (content) => content.contentType === 'post' && content.externalId === String(id),
    );
    const [content] = found;
    if (found.length === 1 && content?.title === post?.title && content?.externalStatus === post?.status)
      return [];
    const here = found.map(({ title, externalStatus }) => `${title} (${externalStatus})`).join(', ');
    return [
      `site ${tenant.site.siteId}: post ${id} is "${post?.title}" (${post?.status}) there, and here ${here}`,
    ];
  });
}

/** Each edit has its event, and no acknowledged edit was replaced by an older state. */
async function editFaults(db: Database, site: LoadedSite, contents: readonly Content[]): Promise<string[]> {
  const rows = await db.$queryRaw<{ id: number; events: number }[]>`
    SELECT content_id AS id, count(*)::int AS events FROM sync_event
    WHERE site_id = ${site.tenant.site.siteId} AND event_type = 'content' AND action IN ('edited', 'conflict')
      AND details ? 'user_id'
    GROUP BY content_id`;
  const events = new Map(rows.map((row) => [row.id, row.events]));
  return site.user.contents.flatMap((edited) => {
    const content = contents.find(({ id }) => id === edited.id);
    const stored = events.get(edited.id) ?? 0;
    const most = edited.acknowledgments + edited.uncertain;
    const sentences = [
      ...(stored < edited.acknowledgments
        ? [`only ${stored} of ${edited.acknowledgments} edits are stored`]
        : []),
      ...(stored > most ? [`${stored} edits are stored, and ${most} were sent`] : []),
      ...stateFaults(site, edited, content),
    ];
    if (edited.period !== null && sentences.length > 0)
      edited.period[stored > most ? 'doubled' : 'lost'] += 1;
    return sentences.map((sentence) => `content ${edited.id}: ${sentence}`);
  });
}

/** The last acknowledged title is here, and on the site unless the server says that the site lacks it. */
function stateFaults(site: LoadedSite, edited: EditedContent, content: Content | undefined): string[] {
  if (edited.acknowledged === 0) return [];
  const possible = Array.from({ length: edited.sent - edited.acknowledged + 1 }, (_, each) =>
    titleOf(edited.id, edited.acknowledged + each),
  );
  if (content === undefined || !possible.includes(content.title))
    return [`edit ${edited.acknowledged} was acknowledged, and the title is "${content?.title}"`];
  if (content.syncState === 'conflict' || content.syncState === 'local_changes') return [];
  const post = site.wordpress.state.posts.find(({ id }) => String(id) === content.externalId);
  if (post?.title === content.title) return [];
  return [`it is ${content.syncState} with "${content.title}", and the site has "${post?.title}"`];
}

/** Each content that a user made is here once and on the site once. */
function createFaults({ user, wordpress }: LoadedSite, contents: readonly Content[]): string[] {
  return user.made.flatMap(({ title, isAcknowledged, period }) => {
    const here = contents.filter((content) => content.title === title).length;
    const there = wordpress.state.posts.filter((post) => post.title === title).length;
    if (here === there && (here === 1 || (here === 0 && !isAcknowledged))) return [];
    if (here > 1 || there > 1) period.doubled += 1;
    else period.lost += 1;
    return [`${period.name}: "${title}" is here ${here} times and on the site ${there} times`];
  });
}

/** No push has replaced the text that the person wrote on the site. */
function sharedTextFaults({ sharedPosts, wordpress, texts }: LoadedSite): string[] {
  return sharedPosts.flatMap((id) => {
    const post = wordpress.state.posts.find((each) => each.id === id);
    const text = texts.get(id);
    return text === undefined || post?.content === text
      ? []
      : [`post ${id} has "${post?.content}", not "${text}"`];
  });
}

/** Each run that was acknowledged has ended, and none has failed. */
async function runFaults(db: Database, { user }: LoadedSite): Promise<string[]> {
  const ids = [...new Set(user.runs.map(({ id }) => id))];
  const rows = await db.syncRun.findMany({ where: { id: { in: ids } } });
  const stored = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const run = stored.get(id);
    if (run?.status === 'success' || run?.status === 'partial') return [];
    const period = user.runs.find((each) => each.id === id)?.period;
    if (run === undefined && period !== undefined) period.lost += 1;
    return [`${period?.name}: run ${id} is ${run?.status ?? 'not stored'}: ${run?.error}`];
  });
}
