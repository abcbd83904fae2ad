import type { JsonObject } from '../../../connection.ts';
import type { ContentWrite, WriteOutcome } from '../../../contentWrite.ts';
import type { ItemFault, RemoteContent } from '../../../remoteContent.ts';
import { isRecord } from '../../site/siteClient.ts';
import type { BatchSender, ItemAnswer } from '../batch.ts';
import { bodyNotes, unknownBuilderNotes } from '../builders.ts';
import { refusedItem } from '../faultText.ts';
import type { MediaLibrary } from '../media.ts';
import { KEY_META } from '../postFields.ts';
import { isSameSlug, sentSlug } from '../slugs.ts';
import { differingTaxonomies, extraFields, metaNotes, statusField } from '../writeFields.ts';
import type { CorePosts } from './corePosts.ts';
import { type EarlierCreates, isEditedSince } from './earlierCreates.ts';
import type { PostSearch } from './postSearch.ts';
import { type BuiltWrite, withBuildersOfWrites } from './renderedBuilders.ts';
import type { TermWriter } from './termWriter.ts';

/** What writes need besides the posts of a type. */
interface CoreWriting {
  sender: BatchSender;
  terms: TermWriter;
  media: MediaLibrary;
  earlier: EarlierCreates;
}

/** A write that is ready to be sent. */
interface Prepared {
  write: BuiltWrite;
  /** The post to update; null to create one. */
  target: string | null;
  onSite: RemoteContent | null;
  body: JsonObject;
  notes: ItemFault[];
}

/** The fault of a create that an earlier try may have made. */
const UNSURE: ItemFault = {
  externalId: null,
  code: 'create_unsure',
  message:
    'An earlier try of this create may have succeeded, and the site leaves posts out of its lists, so the post cannot ' +
    'be looked for. The create waits until the lists are whole, as it must not be made twice.',
};

/**
 * Creates and updates posts of one type through core REST; see `ContentSession.write`. Throws RemoteError.
 */
export async function writePosts(
  { sender, terms, media, earlier }: CoreWriting,
  posts: CorePosts,
  search: PostSearch,
  asked: readonly ContentWrite[],
): Promise<WriteOutcome[]> {
  const writes = await withBuildersOfWrites(posts, asked);
  const named = writes.flatMap((write) => write.terms);
  await terms.learn(named, named.length === 0 ? [] : await posts.taxonomies());
  const prepared: Prepared[] = [];
  /** Posts that an earlier try has made and that somebody has then edited on the site. */
  const edited = new Map<ContentWrite, RemoteContent>();
  for (const write of writes) if (write.externalId !== null) earlier.link(write.externalId, write);
  const begun = writes.filter(({ externalId, mayExist }) => externalId === null && mayExist);
  const { made, unsure } = await earlier.find(search, begun);
  for (const write of writes.filter((each) => !unsure.has(each))) {
    const found = made.get(write) ?? null;
    const target = write.externalId ?? found?.externalId ?? null;
    if (found !== null && isEditedSince(found, write)) edited.set(write, found);
    else prepared.push(await prepare(posts, { terms, media }, write, target, found ?? write.onSite));
  }
  const toSend = prepared.filter(({ target, body }) => target === null || Object.keys(body).length > 0);
  const query = `context=edit&_fields=${await posts.fields()}`;
  const answers = await sender.send(
    toSend.map(({ target, body }) => ({
      method: 'POST',
      route: target === null ? posts.route : `${posts.route}/${target}`,
      query,
      body,
      repeatable: target !== null,
    })),
  );
  await posts.learnTerms(answers.map(writtenRecord).filter((record) => record !== null));
  const answered = new Map(toSend.map((each, index) => [each, answers[index]]));
  const byWrite = new Map(prepared.map((each) => [each.write, each]));
  return Promise.all(
    writes.map(async (write): Promise<WriteOutcome> => {
      if (unsure.has(write)) return { result: 'failed', fault: UNSURE, retryable: true };
      const each = byWrite.get(write);
      if (each === undefined) return { result: 'conflict', remote: edited.get(write) ?? null };
      const answer = answered.get(each);
      if (answer !== undefined) return outcomeOf(posts, earlier, each, answer);
      return unchanged(each);
    }),
  );
}

async function prepare(
  posts: CorePosts,
  { terms, media }: Pick<CoreWriting, 'terms' | 'media'>,
  write: BuiltWrite,
  target: string | null,
  onSite: RemoteContent | null,
): Promise<Prepared> {
  const slug = target === null ? sentSlug(write) : write.slug;
  const status = statusField(write, onSite);
  const isBodyLeftOut = write.builtWith !== null || write.hasUnknownBuilder;
  const body: JsonObject = {
    ...(write.title === onSite?.title ? {} : { title: write.title }),
    ...(write.body === onSite?.body || isBodyLeftOut ? {} : { content: write.body }),
    ...(write.excerpt === onSite?.excerpt ? {} : { excerpt: write.excerpt }),
    ...(slug === '' || (onSite !== null && isSameSlug(slug, onSite.slug)) ? {} : { slug }),
    ...(status === undefined ? {} : { status }),
  };
  const differing = differingTaxonomies(write.terms, onSite);
  // If the post was not read, its terms are unknown. Then every taxonomy is written.
  const isUnseen = target !== null && onSite === null;
  const notes: ItemFault[] = [];
  if (differing.size > 0 || isUnseen) {
    const own = write.terms.filter(({ taxonomy }) => differing.has(taxonomy));
    const found = await terms.idsOf(own, await posts.taxonomies(), target);
    for (const [taxonomy, ids] of found.byTaxonomy) {
      if (differing.has(taxonomy.slug) || isUnseen) body[taxonomy.restBase] = ids;
    }
    notes.push(...found.notes);
  }
  const extra = await extraFields(write, onSite, media);
  const { meta = {}, ...fields } = extra.fields;
  // A site that registers this meta stores the key. Other sites silently ignore it.
  const key = target === null ? { [KEY_META]: write.contentKey } : {};
  const withMeta =
    isRecord(meta) && Object.keys({ ...meta, ...key }).length > 0 ? { meta: { ...meta, ...key } } : {};
  return {
    write,
    target,
    onSite,
    body: { ...body, ...fields, ...withMeta },
    notes: [...notes, ...extra.notes],
  };
}

function unchanged({ write, onSite, notes }: Prepared): WriteOutcome {
  if (onSite === null) throw new Error('A write without anything to send has nothing to compare with.');
  return written(write, { created: write.externalId === null, remote: onSite, notes });
}

async function outcomeOf(
  posts: CorePosts,
  earlier: EarlierCreates,
  { write, target, body, notes }: Prepared,
  answer: ItemAnswer,
): Promise<WriteOutcome> {
  if (answer.lost !== null) {
    const { code, message, retryable } = answer.lost;
    return { result: 'failed', fault: { externalId: target, code, message }, retryable };
  }
  const { status, value } = answer;
  const record = writtenRecord(answer);
  if (record === null) {
    const fault = refusedItem(target, value);
    if (target !== null && fault.code === 'rest_post_invalid_id') return { result: 'conflict', remote: null };
    return { result: 'failed', fault, retryable: status >= 500 || status === 429 || status === 408 };
  }
  const { items, faults } = await posts.contents([record], false);
  const [remote] = items;
  if (remote === undefined) {
    const [fault = refusedItem(target, value)] = faults;
    return { result: 'failed', fault, retryable: false };
  }
  earlier.link(remote.externalId, write);
  return written(write, {
    created: write.externalId === null,
    remote,
    notes: [...notes, ...notesOf(body, record)].map((note) => ({ ...note, externalId: remote.externalId })),
  });
}

/** The outcome of a write. The answer does not tell the builder, but it was known before the write. */
function written(
  write: BuiltWrite,
  done: { created: boolean; remote: RemoteContent; notes: ItemFault[] },
): WriteOutcome {
  const builtWith = write.builtWith ?? done.remote.builtWith;
  const remote = builtWith === undefined ? done.remote : { ...done.remote, builtWith };
  const onBody = write.hasUnknownBuilder
    ? unknownBuilderNotes(write, remote)
    : bodyNotes(builtWith ?? null, write, remote);
  const notes = [...done.notes, ...onBody];
  return { result: 'written', created: done.created, remote, notes };
}

/** The post as it is now; null if nothing was written. */
function writtenRecord(answer: ItemAnswer): Record<string, unknown> | null {
  if (answer.lost !== null || answer.status < 200 || answer.status > 299) return null;
  return isRecord(answer.value) ? answer.value : null;
}

/** Notes about values that were sent and that the answer does not show. */
function notesOf(body: JsonObject, record: Record<string, unknown>): ItemFault[] {
  const notes = metaNotes(body.meta, record);
  // Core sets the image last and ignores a failure of that step (handle_featured_media).
  if (body.featured_media !== undefined && body.featured_media !== record.featured_media) {
    const message = 'The site did not take the featured image.';
    notes.push({ externalId: null, code: 'featured_image', message });
  }
  return notes;
}
