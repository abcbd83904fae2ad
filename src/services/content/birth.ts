import { z } from 'zod';
import type { Content, Prisma } from '../../database/generated/client.ts';
import type { RemoteContent } from '../../platforms/remoteContent.ts';

/** The value of `Content.birth`: facts of the item when it was last accepted as the content's item. */
const keptBirth = z.object({
  date: z.string().nullable(),
  slug: z.string(),
  author: z.string().nullable(),
  /** The content key that the item had. */
  key: z.string().nullable().default(null),
});
type KeptBirth = z.output<typeof keptBirth>;

/** `unsure`: either the content's item with every part changed, or another item that got the same id. */
export type BirthVerdict = 'same' | 'other' | 'unsure';

/** The value of `Content.birth` for an item; null on a platform that never uses an id again. */
export function bornAs({ birth, slug, contentKey }: RemoteContent): Prisma.InputJsonObject | null {
  return birth === null ? null : { date: birth.date, slug, author: birth.author, key: contentKey };
}

/**
 * Is this still the content's item, or another item that got the same id later, for example after a backup of
 * the site was restored? If the item has a content key, the key decides. Without a key, a new date, slug,
 * title or body is an edit. Several of these changes are an edit too, as long as the title or the body stays
 * the same.
 * @param body returns the content's body. It is called only if nothing else decides.
 */
export async function birthVerdict(
  content: Pick<Content, 'key' | 'birth' | 'title' | 'localVersion' | 'syncedVersion'>,
  item: RemoteContent,
  body: () => Promise<string>,
): Promise<BirthVerdict> {
  const kept = readBirth(content.birth);
  if (item.contentKey !== null && (item.contentKey === content.key || item.contentKey === kept?.key))
    return 'same';
  if (kept === null || item.birth === null) return 'same';
  if (item.contentKey !== null) return 'other';
  // A field that cannot be read holds another value here.
  const isRead = (field: string) => !item.unread?.some((each) => each.field === field);
  const date = isRead('birth.date') ? compared(kept.date, item.birth.date) : 'unknown';
  const slug = isRead('slug') ? compared(kept.slug, item.slug) : 'unknown';
  if (kept.key !== null) return withoutItsKey(date, slug);
  const isSameAuthor = !isRead('birth.author') || kept.author === item.birth.author;
  // An author has no two posts that are dated to the same second.
  if (date === 'same' && (isSameAuthor || slug === 'same')) return 'same';
  if (isRead('title') && content.title === item.title) return 'same';
  if (isRead('body') && (await body()) === item.body) return 'same';
  const verdict = withOtherTexts(date, slug, kept);
  // With local edits, the stored texts are no longer those of the item, so a difference proves nothing.
  const isEdited = content.localVersion > content.syncedVersion;
  return verdict === 'other' && isEdited && isSameAuthor ? 'unsure' : verdict;
}

/**
 * Did the item already have this key, not the content's own, when it was last accepted as the content's item?
 */
export function hasBorne({ birth }: Pick<Content, 'birth'>, key: string): boolean {
  return readBirth(birth)?.key === key;
}

/**
 * Did an item get the id that the holder's item had before? So it is if the item has the key of `content`, and
 * if the holder was not read as a copy of that content's item.
 */
export function isItemOf(
  content: Pick<Content, 'key'>,
  item: Pick<RemoteContent, 'contentKey'>,
  holder: Pick<Content, 'birth'>,
): boolean {
  return item.contentKey === content.key && !hasBorne(holder, content.key);
}

/** Reads the column `birth`. */
export function readBirth(stored: unknown): KeptBirth | null {
  return stored === null ? null : keptBirth.parse(stored);
}

type Compared = 'same' | 'differs' | 'unknown';

function compared(kept: string | null, now: string | null): Compared {
  if (kept === null || kept === '' || now === null || now === '') return 'unknown';
  return kept === now ? 'same' : 'differs';
}

/** The item had a key and has none now: either a link table was emptied, or this is another item. */
function withoutItsKey(date: Compared, slug: Compared): BirthVerdict {
  if (date !== 'differs' && slug !== 'differs' && (date === 'same' || slug === 'same')) return 'same';
  return date === 'differs' && slug === 'differs' ? 'other' : 'unsure';
}

/** The title and the body both differ from the stored texts: the date and the slug decide. */
function withOtherTexts(date: Compared, slug: Compared, kept: KeptBirth): BirthVerdict {
  if (date === 'same') return slug === 'differs' ? 'unsure' : 'same';
  // Once a post is deleted, a new post can get its slug.
  if (slug === 'same') return date === 'differs' ? 'unsure' : 'same';
  if (date === 'differs' && slug === 'differs') return 'other';
  const hadNeither = kept.date === null && kept.slug === '';
  return date === 'unknown' && slug === 'unknown' && hadNeither ? 'same' : 'unsure';
}
