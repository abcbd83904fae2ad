/**
 * Users and pictures that a site has deleted, and the contents that refer to them. WordPress gives the posts of a
 * deleted user to another, and takes a deleted picture out of its posts, without a new date.
 */
import { z } from 'zod';
import { Prisma } from '../../../database/generated/client.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { type ContentRun, presentTypes } from '../phaseContext.ts';
import { ComparedItems } from './comparedItems.ts';

/** How many ids one request names, and how many items one request reads. */
const atOnce = 100;
/** How many authors a run asks for. Those of later ids are left to the comparison of all items. */
const authorsAtMost = 500;
/** How many requests a run takes to look for its pictures after one was deleted. The next run goes on. */
const pictureRequests = 20;
/** After this many readings without a change in a row, the site only hides the users or pictures. */
const unchangedAtMost = 3;

const memoryShape = z.object({
  /** The authors that the site showed. */
  users: z.array(z.string()).nullable().default(null),
  library: z.object({ total: z.int(), newest: z.int() }).nullable().default(null),
  /** A picture was deleted: those behind this id are still to be looked for. */
  picturesAfter: z.string().nullable().default(null),
});
type Memory = z.output<typeof memoryShape>;

/** The fields of a content's metadata that name a user or a picture. */
type Field = 'author' | 'featured_media';

interface Parts {
  events: EventLog;
  now: () => number;
}

/** A content that refers to a user or a picture. */
interface Holder {
  id: number;
  contentType: string;
  externalId: string;
}

type Keep = (change: Partial<Memory>) => Promise<void>;

/** Reads the items again whose user or picture the site has deleted since the last run. */
export class References {
  readonly #items: ComparedItems;

  constructor(parts: Parts) {
    this.#items = new ComparedItems(parts);
  }

  /**
   * Does nothing if the readings of changes find such items anyway, or if the run does not sync every type. Throws
   * RemoteError, RunLost.
   */
  async compare(run: ContentRun): Promise<void> {
    const { session, integration, ledger } = run;
    if (session.shownUsers === undefined || ledger.run.contentTypes.length > 0) return;
    // After a full reading of perhaps another site, every content has the references of that site.
    if (integration.movedAt !== null) return;
    const before = memoryShape.parse(integration.references ?? {});
    let memory = before;
    const keep = async (change: Partial<Memory>) => {
      memory = { ...memory, ...change };
      await ledger.step(async (tx) => {
        await tx.siteIntegration.update({ where: { id: integration.id }, data: { references: memory } });
        return {};
      });
    };
    await this.#compareUsers(run, before, keep);
    await this.#comparePictures(run, before, keep);
  }

  async #compareUsers(run: ContentRun, { users }: Memory, keep: Keep): Promise<void> {
    const authors = await referred(run, 'author', '', authorsAtMost);
    const shown: string[] = [];
    for (let from = 0; from < authors.length; from += atOnce) {
      const some = await run.session.shownUsers?.(authors.slice(from, from + atOnce));
      if (some == null) return;
      shown.push(...some);
    }
    const gone = users?.filter((id) => authors.includes(id) && !shown.includes(id)) ?? [];
    await this.#readAgain(run, 'author', gone);
    await keep({ users: shown });
  }

  async #comparePictures(run: ContentRun, before: Memory, keep: Keep): Promise<void> {
    const [any] = await referred(run, 'featured_media', '', 1);
    if (any === undefined) return;
    const known = before.library;
    const library = await run.session.pictureLibrary?.(known?.newest ?? null);
    if (library == null) return;
    const { total, newest, uploaded } = library;
    const isLess = known !== null && (uploaded === null || total < known.total + uploaded);
    let after = isLess ? '' : before.picturesAfter;
    await keep({ library: { total, newest }, picturesAfter: after });
    for (let requests = 0; after !== null && requests < pictureRequests; requests += 1) {
      run.signal.throwIfAborted();
      const pictures: string[] = await referred(run, 'featured_media', after, atOnce);
      const shown = pictures.length === 0 ? [] : await run.session.shownPictures?.(pictures);
      if (shown == null) return;
      const gone = pictures.filter((id) => !shown.includes(id));
      await this.#readAgain(run, 'featured_media', gone);
      after = pictures.length < atOnce ? null : (pictures.at(-1) ?? null);
      await keep({ picturesAfter: after });
    }
  }

  /** Reads the items that refer to users or pictures which the site does not show any more. It may only hide them. */
  async #readAgain(run: ContentRun, field: Field, gone: readonly string[]): Promise<void> {
    let unchanged = 0;
    for (let after = 0; gone.length > 0 && unchanged < unchangedAtMost; ) {
      run.signal.throwIfAborted();
      const holders = await holdersOf(run, field, gone, after);
      const last = holders.at(-1);
      if (last === undefined) return;
      after = last.id;
      unchanged += 1;
      for (const type of presentTypes(run)) {
        const ids = holders.flatMap((each) => (each.contentType === type.slug ? [each.externalId] : []));
        if (ids.length === 0) continue;
        const read = await run.session.read(type.type, ids);
        await this.#items.store(run, type, this.#items.targetOf(run, type), read);
        const isOther = read.items.some(({ metadata }) => !gone.includes(String(metadata[field])));
        if (isOther || read.gone.length > 0) unchanged = 0;
      }
    }
  }
}

/** The users or pictures behind an id to which contents refer, each once, in the order of their ids as texts. */
async function referred(run: ContentRun, field: Field, after: string, limit: number): Promise<string[]> {
  const named = Prisma.raw(`metadata ->> '${field}'`);
  const next = (behind: Prisma.Sql) => Prisma.sql`
    SELECT ${named} AS id FROM content
    WHERE site_id = ${run.owner.siteId} AND platform = ${run.integration.platform} AND ${named} > ${behind}
    ORDER BY ${named} LIMIT 1`;
  const rows = await run.db.$queryRaw<{ id: string }[]>`
    WITH RECURSIVE found AS (
      (${next(Prisma.sql`${after}`)})
      UNION ALL
      SELECT (${next(Prisma.sql`found.id`)}) FROM found WHERE found.id IS NOT NULL
    )
    SELECT id FROM found WHERE id ~ '^[1-9][0-9]*$' LIMIT ${limit}`;
  return rows.map(({ id }) => id);
}

/** The next contents behind an id whose items refer to one of these users or pictures. */
function holdersOf(run: ContentRun, field: Field, gone: readonly string[], after: number): Promise<Holder[]> {
  const named = Prisma.raw(`metadata ->> '${field}'`);
  return run.db.$queryRaw<Holder[]>`
    SELECT id, content_type AS "contentType", external_id AS "externalId" FROM content
    WHERE site_id = ${run.owner.siteId} AND platform = ${run.integration.platform}
      AND ${named} = ANY(${[...gone]}) AND external_id IS NOT NULL AND id > ${after}
    ORDER BY id LIMIT ${atOnce}`;
}
