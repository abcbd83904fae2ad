import { describe, expect, test } from '@jest/globals';
import type { RemoteContent } from '../../src/platforms/remoteContent.ts';
import { birthVerdict } from '../../src/services/content/birth.ts';

const key = '8c0c2f0e-6a43-4d2a-9c3b-0f8f0c1f7a01';
const otherKey = '8c0c2f0e-6a43-4d2a-9c3b-0f8f0c1f7a02';
const first = '2026-01-01T10:00:00.000Z';
const later = '2026-03-04T11:00:00.000Z';

interface Kept {
  date?: string | null;
  slug?: string;
  author?: string;
  key?: string | null;
  edited?: boolean;
}

/** A content `Ours` that was in sync with the described item. */
function content({
  date = first,
  slug = 'ours',
  author = '1',
  key: borne = null,
  edited = false,
}: Kept = {}) {
  const birth = { date, slug, author, key: borne };
  return { key, birth, title: 'Ours', localVersion: edited ? 2 : 1, syncedVersion: 1 };
}

function item(
  changes: Partial<RemoteContent> & { date?: string | null; author?: string } = {},
): RemoteContent {
  const { date = first, author = '1', ...rest } = changes;
  return {
    externalId: '12',
    contentType: 'post',
    title: 'Ours',
    slug: 'ours',
    body: '<p>ours</p>',
    excerpt: '',
    externalStatus: 'publish',
    status: 'published',
    url: null,
    modifiedAt: later,
    terms: [],
    metadata: {},
    tag: null,
    contentKey: null,
    legacyContentId: null,
    visibility: 'public',
    birth: { date, author },
    ...rest,
  };
}

const verdict = (kept: Kept, now: Parameters<typeof item>[0]) =>
  birthVerdict(content(kept), item(now), async () => '<p>ours</p>');

const theirs = { title: 'Theirs', body: '<p>theirs</p>' };

describe('without a key', () => {
  test.each([
    ['only the title and the body have changed', {}, theirs],
    ['the date alone is new', {}, { date: later }],
    ['date and title are new', {}, { date: later, title: 'New' }],
    ['date and body are new', {}, { date: later, body: '<p>new</p>' }],
    ['the slug alone is new', {}, { ...theirs, slug: 'theirs' }],
    ['no date can be compared, and the slug stays', { date: null }, { ...theirs, date: null }],
    ['date and slug are new, the title is as before', {}, { date: later, slug: 'new', body: '<p>new</p>' }],
    ['date and slug are new, the body is as before', {}, { date: later, slug: 'new', title: 'New' }],
    [
      'a draft was without date and slug',
      { date: null, slug: '' },
      { ...theirs, date: later, slug: 'theirs' },
    ],
    ['a draft still has neither', { date: null, slug: '' }, { ...theirs, date: null, slug: '' }],
  ])('the item is the same when %s', async (_, kept, now) => {
    expect(await verdict(kept, now)).toBe('same');
  });

  test('another date, slug, title and body mean another item', async () => {
    expect(await verdict({}, { ...theirs, date: later, slug: 'theirs' })).toBe('other');
  });

  test.each([
    ['a dated item has neither date nor slug now', {}, { ...theirs, date: null, slug: '' }],
    ['only the slug is the same', {}, { ...theirs, date: later }],
    ['only the date is the same, and the author differs', {}, { ...theirs, slug: 'theirs', author: '7' }],
    ['only the slug can be compared', { date: null }, { ...theirs, slug: 'theirs' }],
    ['a local edit has changed the compared text', { edited: true }, { ...theirs, date: later, slug: 't' }],
  ])('the verdict is unsure when %s', async (_, kept, now) => {
    expect(await verdict(kept, now)).toBe('unsure');
  });

  test('another author means another item, with or without local edits', async () => {
    const now = { ...theirs, date: later, slug: 'theirs', author: '7' };
    expect(await verdict({ edited: true }, now)).toBe('other');
  });
});

describe('with keys', () => {
  const everythingNew = { ...theirs, date: later, slug: 'theirs' };

  test('the content’s key decides, even if all other fields differ', async () => {
    expect(await verdict({ key }, { ...everythingNew, contentKey: key })).toBe('same');
  });

  test('another key means another item, even if all other fields are the same', async () => {
    expect(await verdict({ key }, { contentKey: otherKey })).toBe('other');
    expect(await verdict({}, { contentKey: otherKey })).toBe('other');
  });

  test('a foreign key that the item had at its birth is its own', async () => {
    expect(await verdict({ key: otherKey }, { ...everythingNew, contentKey: otherKey })).toBe('same');
  });

  test('without the key, date and slug decide', async () => {
    expect(await verdict({ key }, theirs)).toBe('same');
    expect(await verdict({ key }, everythingNew)).toBe('other');
    expect(await verdict({ key }, { ...theirs, date: later })).toBe('unsure');
  });
});

test('a platform that never reuses an id needs no births', async () => {
  const now = { ...item({ ...theirs, date: later, slug: 'theirs' }), birth: null };
  expect(await birthVerdict(content(), now, async () => '')).toBe('same');
});
