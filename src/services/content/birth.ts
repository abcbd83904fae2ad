import { z } from 'zod';
import type { Content, Prisma } from '../../database/generated/client.ts';
import type { RemoteContent } from '../../platforms/contentPart.ts';

/** As `Content.birth` keeps it: how the item was when it was last taken for this content's. */
const keptBirth = z.object({
  date: z.string().nullable(),
  slug: z.string(),
  author: z.string().nullable(),
  /** The content key that the item bore. */
  key: z.string().nullable().default(null),
});
type KeptBirth = z.output<typeof keptBirth>;

/** `unsure`: the item may be the content's, changed in every part, or another one that got its id. */
export type BirthVerdict = 'same' | 'other' | 'unsure';

/** What is kept of an item's birth; null where its platform never gives an id a second time. */
export function bornAs({ birth, slug, contentKey }: RemoteContent): Prisma.InputJsonObject | null {
  return birth === null ? null : { date: birth.date, slug, author: birth.author, key: contentKey };
}

/**
 * Is the item the one that the content was kept in step with, or another that got its id later, as after a backup of
 * the site was restored? A key decides where there is one. Without it a new date, slug, title or body is an edit, and so
 * are several of them while the title or the body stays.
 * @param body gives the content's body; asked for where nothing else decides.
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
  const date = compared(kept.date, item.birth.date);
  const slug = compared(kept.slug, item.slug);
  if (kept.key !== null) return withoutItsKey(date, slug);
  const isSameAuthor = kept.author === item.birth.author;
  // No second post of an author is dated to the very second.
  if (date === 'same' && (isSameAuthor || slug === 'same')) return 'same';
  if (content.title === item.title || (await body()) === item.body) return 'same';
  const verdict = withOtherTexts(date, slug, kept);
  // Edits here have changed what the texts could be compared with.
  const isEdited = content.localVersion > content.syncedVersion;
  return verdict === 'other' && isEdited && isSameAuthor ? 'unsure' : verdict;
}

/** Did the item bear this key, which is not the content's, when it was taken for the content's? */
export function hasBorne({ birth }: Pick<Content, 'birth'>, key: string): boolean {
  return readBirth(birth)?.key === key;
}

function readBirth(stored: unknown): KeptBirth | null {
  return stored === null ? null : keptBirth.parse(stored);
}

type Compared = 'same' | 'differs' | 'unknown';

function compared(kept: string | null, now: string | null): Compared {
  if (kept === null || kept === '' || now === null || now === '') return 'unknown';
  return kept === now ? 'same' : 'differs';
}

/** The item bore the content's key and does not now: a link table was emptied, or the item is another. */
function withoutItsKey(date: Compared, slug: Compared): BirthVerdict {
  if (date !== 'differs' && slug !== 'differs' && (date === 'same' || slug === 'same')) return 'same';
  return date === 'differs' && slug === 'differs' ? 'other' : 'unsure';
}

/** Neither title nor body is as it was known: date and slug decide. */
function withOtherTexts(date: Compared, slug: Compared, kept: KeptBirth): BirthVerdict {
  if (date === 'same') return slug === 'differs' ? 'unsure' : 'same';
  // A slug is free again once its post is gone.
  if (slug === 'same') return date === 'differs' ? 'unsure' : 'same';
  if (date === 'differs' && slug === 'differs') return 'other';
  const hadNeither = kept.date === null && kept.slug === '';
  return date === 'unknown' && slug === 'unknown' && hadNeither ? 'same' : 'unsure';
}
