/** A change of a term of a site, in all contents that hold the term. */
import type { Database, Transaction } from '../../database/client.ts';
import { type Content, Prisma } from '../../database/generated/client.ts';
import { contentHash, isHashOf, sharedState, termMark } from './sharedState.ts';

/** The slug and the name of a term. */
export interface TermNames {
  slug: string;
  name: string;
}

/** The slugs of a taxonomy by which contents are found. */
export interface TermSlugs {
  taxonomy: string;
  slugs: readonly string[];
}

/** `slugs`: those under which contents may hold the term, with its present slug. */
export interface TermChange extends TermSlugs {
  /** The term as it is now; null if the site deleted it. */
  now: TermNames | null;
  /**
   * The slugs from the top of the tree down to the term, for contents that name a term by its path; null if a
   * parent is unknown.
   */
  path: readonly string[] | null;
  /** With a deletion: the term that items got whose last term of the taxonomy was deleted. */
  instead: TermNames | null;
}

export interface TermOwner {
  siteId: number;
  platform: string;
  /** The types of the site whose contents may have edits that are not sent yet. */
  contentTypes: readonly string[];
}

/** A content that holds a term. */
export type TermHolder = Pick<Content, 'id' | 'contentType' | 'externalId'>;

/** How many contents are hashed again at a time. */
const hashedAtOnce = 200;

/**
 * The next contents behind an id that hold a term of these slugs, in ascending order. A slug may also be a part of a
 * path such as `world/europe`.
 */
export function holdersAfter(
  db: Transaction,
  { siteId, platform }: Pick<TermOwner, 'siteId' | 'platform'>,
  term: TermSlugs,
  { after, limit }: { after: number; limit: number },
): Promise<TermHolder[]> {
  return db.$queryRaw<TermHolder[]>`
    /* planned each time */ SELECT id, content_type AS "contentType", external_id AS "externalId" FROM content
    WHERE ${holdsTerm(siteId, term)} AND site_id = ${siteId} AND (platform = ${platform} OR platform IS NULL)
      AND id > ${after}
    ORDER BY id LIMIT ${limit}`;
}

/**
 * Applies the change in one statement to the contents that hold the term, and to the agreed states of contents that
 * were edited here. Texts, edits and states of sync stay. A term that was added here, and that the site has deleted,
 * stays too. An edited content whose hash an earlier version of this server made is left to the next reading of its
 * item, as such a hash covers all terms at once. Rows are locked in the order of their ids, as everywhere. Returns the
 * number of changed contents.
 */
export async function changeTerm(tx: Transaction, owner: TermOwner, change: TermChange): Promise<number> {
  const { siteId, platform, contentTypes } = owner;
  if (change.slugs.length === 0) return 0;
  const marked = markedIn(change);
  const rows = await tx.$queryRaw<{ contents: number }[]>`
    /* planned each time */
    WITH held AS MATERIALIZED (
      SELECT id FROM content WHERE id IN (
        SELECT id FROM content
        WHERE ${holdsTerm(siteId, change)} AND site_id = ${siteId} AND (platform = ${platform} OR platform IS NULL)
          AND ${isStale(change)}
          AND NOT (local_version > synced_version AND base_hash IS NOT NULL AND strpos(base_hash, ':') = 0)
        UNION
        SELECT id FROM content
        WHERE site_id = ${siteId} AND content_type = ANY(${[...contentTypes]}) AND platform = ${platform}
          AND sync_state IN ('local_changes', 'remote_changes', 'conflict')
          AND (base_hash ~ ${marked} OR remote_hash ~ ${marked})
      ) ORDER BY id FOR UPDATE
    ), changed AS (
      UPDATE content SET terms = ${termsAfter(change)}, base_hash = ${hashAfter(Prisma.sql`base_hash`, change)},
        remote_hash = ${hashAfter(Prisma.sql`remote_hash`, change)}, updated_at = now()
      FROM held WHERE content.id = held.id RETURNING 1
    )
    SELECT count(*)::int AS contents FROM changed`;
  return rows[0]?.contents ?? 0;
}

/**
 * Hashes contents again that hold the term and whose hash an earlier version of this server made: such a hash
 * covers all terms at once. A content whose texts the site saved in another form keeps its hash.
 */
export async function renewHashes(db: Database, siteId: number, change: TermChange): Promise<void> {
  let after = 0;
  for (;;) {
    const found = await db.$queryRaw<{ id: number }[]>`
      /* planned each time */ SELECT id FROM content
      WHERE ${holdsTerm(siteId, change)} AND site_id = ${siteId} AND id > ${after}
        AND base_hash = remote_hash AND strpos(base_hash, ':') = 0 AND local_version = synced_version
      ORDER BY id LIMIT ${hashedAtOnce}`;
    const ids = found.map(({ id }) => id);
    const last = ids.at(-1);
    if (last === undefined) return;
    const contents = await db.content.findMany({ where: { id: { in: ids } } });
    const rows = contents.flatMap((content) => {
      const state = sharedState(content);
      const isSame = isHashOf(content.baseHash, state);
      return isSame ? [{ id: content.id, old: content.baseHash, hash: contentHash(state) }] : [];
    });
    await db.$executeRaw`
      UPDATE content SET base_hash = item.hash, remote_hash = item.hash
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS item (id int, old text, hash text)
      WHERE content.id = item.id AND base_hash = item.old AND remote_hash = item.old`;
    after = last;
  }
}

/** Finds contents by an index over all parts of their terms' slugs. */
function holdsTerm(siteId: number, { taxonomy, slugs }: TermSlugs): Prisma.Sql {
  const keys = slugs.map((slug) => `${siteId}:${taxonomy}:${slug}`);
  return Prisma.sql`content_term_keys(site_id, terms) && ${keys}::text[]`;
}

/** Does a row hold the term otherwise than it is now? */
function isStale({ taxonomy, slugs, now, path }: TermChange): Prisma.Sql {
  const whole = path === null ? null : path.join('/');
  return Prisma.sql`EXISTS (
    SELECT FROM jsonb_array_elements(terms) AS each, string_to_array(each ->> 'slug', '/') AS parts
    WHERE each ->> 'taxonomy' = ${taxonomy} AND parts && ${[...slugs]}::text[]
      AND NOT (${now !== null} AND (each ->> 'slug' = ${now?.slug ?? ''} OR each ->> 'slug' IS NOT DISTINCT FROM ${whole}::text)
        AND each ->> 'name' = ${now?.name ?? ''}))`;
}

/** A regular expression for hashes of states with the term. */
function markedIn({ taxonomy, slugs }: TermChange): string {
  const marks = slugs.map((slug) => termMark({ taxonomy, slug, name: '' }).term);
  return `[:.](${marks.join('|')})`;
}

/** Was the term added here, so that both sides never agreed on it? */
function isAddedHere(change: TermChange): Prisma.Sql {
  return Prisma.sql`(local_version > synced_version AND NOT coalesce(base_hash ~ ${markedIn(change)}, false))`;
}

function termsAfter(change: TermChange): Prisma.Sql {
  const { taxonomy, slugs, now, instead } = change;
  const named = (term: TermNames) => JSON.stringify({ taxonomy, slug: term.slug, name: term.name });
  const old = Prisma.sql`${[...slugs]}::text[]`;
  const isTerm = Prisma.sql`(each ->> 'taxonomy' = ${taxonomy} AND parts[cardinality(parts)] = ANY(${old}))`;
  const own =
    now === null
      ? Prisma.sql`CASE WHEN ${isAddedHere(change)} THEN each END`
      : Prisma.sql`${named(now)}::jsonb || jsonb_build_object('slug', ${pathAfter(change)})`;
  const listed = Prisma.sql`jsonb_array_elements(terms) WITH ORDINALITY AS listed (each, place),
    string_to_array(each ->> 'slug', '/') AS parts`;
  return Prisma.sql`(
    SELECT coalesce(jsonb_agg(term ORDER BY place), '[]') FROM (
      SELECT place, CASE
        WHEN each ->> 'taxonomy' <> ${taxonomy} OR NOT parts && ${old} THEN each
        WHEN ${isTerm} THEN ${own}
        ELSE each || jsonb_build_object('slug', ${pathAfter(change)}) END AS term
      FROM ${listed}
      UNION ALL
      SELECT 1000000, ${instead === null ? null : named(instead)}::jsonb WHERE NOT ${isAddedHere(change)}
        AND EXISTS (SELECT FROM ${listed} WHERE ${isTerm})
        AND NOT EXISTS (SELECT FROM ${listed} WHERE each ->> 'taxonomy' = ${taxonomy} AND NOT ${isTerm})
    ) AS after WHERE term IS NOT NULL)`;
}

/** The slug of a term that is the changed term, or that names it as a parent in its path. */
function pathAfter({ slugs, now, path }: TermChange): Prisma.Sql {
  const at = Prisma.sql`(SELECT min(i) FROM generate_subscripts(parts, 1) AS i WHERE parts[i] = ANY(${[...slugs]}::text[]))`;
  const before =
    path === null
      ? Prisma.sql`parts[:${at} - 1] || ${now === null ? [] : [now.slug]}::text[]`
      : Prisma.sql`${[...path]}::text[]`;
  const whole = Prisma.sql`array_to_string(${before} || parts[${at} + 1:], '/')`;
  return Prisma.sql`CASE WHEN cardinality(parts) = 1 THEN ${now?.slug ?? ''} ELSE ${whole} END`;
}

/** The hash of the state with the change; the hash itself if its state lacks the term. */
function hashAfter(hash: Prisma.Sql, change: TermChange): Prisma.Sql {
  const { taxonomy, slugs, now, instead } = change;
  const old = slugs.map((slug) => termMark({ taxonomy, slug, name: '' }).term);
  const markOf = (term: TermNames | null) => (term === null ? null : termMark({ taxonomy, ...term }).whole);
  const isOld = Prisma.sql`left(mark, 22) = ANY(${old}::text[])`;
  const marks = Prisma.sql`unnest(string_to_array(split_part(${hash}, ':', 3), '.')) AS mark`;
  return Prisma.sql`CASE WHEN ${hash} ~ ${markedIn(change)} THEN
    split_part(${hash}, ':', 1) || ':' || split_part(${hash}, ':', 2) || ':' || coalesce((
      SELECT string_agg(DISTINCT mark COLLATE "C", '.' ORDER BY mark COLLATE "C") FROM (
        SELECT CASE WHEN ${isOld} THEN ${markOf(now)}::text ELSE mark END AS mark FROM ${marks}
        UNION ALL
        SELECT ${markOf(instead)}::text WHERE NOT EXISTS (
          SELECT FROM ${marks} WHERE left(mark, 6) = ${termMark({ taxonomy, slug: '', name: '' }).taxonomy} AND NOT ${isOld})
      ) AS after), '') ELSE ${hash} END`;
}
