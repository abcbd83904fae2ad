import { describe, expect, test } from '@jest/globals';
import {
  applyChoices,
  mergeStructure,
  readContentTypes,
} from '../../src/services/integrations/storedStructure.ts';

const now = new Date('2026-05-01T12:00:00Z');
const report = {
  post_types: { post: { label: 'Posts', count: 3 }, page: { label: 'Pages', count: 1, hierarchical: true } },
  taxonomies: { category: { label: 'Categories', count: 2 } },
  plugin_connection_enabled: true,
  two_way_sync_enabled: true,
  timestamp: '2026-05-01T11:00:00+01:00',
};
const first = mergeStructure(null, report, now);

test('a first report has all types enabled, without limits', () => {
  expect(first).toEqual({
    post_types: {
      post: { label: 'Posts', count: 3, enabled: true, fetch_limit: null },
      page: { label: 'Pages', count: 1, hierarchical: true, enabled: true, fetch_limit: null },
    },
    taxonomies: { category: { label: 'Categories', count: 2, enabled: true } },
    plugin_connection_enabled: true,
    two_way_sync_enabled: true,
    timestamp: '2026-05-01T10:00:00.000Z',
    last_structure_fetch: '2026-05-01T12:00:00.000Z',
  });
});

describe('a later report', () => {
  const chosen = applyChoices(first, {
    post_types: { post: { enabled: false, fetch_limit: 10 }, page: { fetch_limit: 5 } },
    taxonomies: { category: { enabled: false } },
  });

  test('keeps the user’s choices, adds new types and removes old ones', () => {
    const next = mergeStructure(
      chosen,
      {
        ...report,
        post_types: { post: { label: 'Articles', count: 4 }, book: { label: 'Books', count: 1 } },
        taxonomies: { category: { label: 'Topics', count: 1 } },
        two_way_sync_enabled: false,
        timestamp: '2026-05-02T00:00:00Z',
      },
      now,
    );
    expect(next).toMatchObject({
      post_types: {
        post: { label: 'Articles', count: 4, enabled: false, fetch_limit: 10 },
        book: { label: 'Books', count: 1, enabled: true, fetch_limit: null },
      },
      taxonomies: { category: { label: 'Topics', count: 1, enabled: false } },
      two_way_sync_enabled: false,
    });
    expect(Object.keys(next?.post_types ?? {})).toEqual(['post', 'book']);
  });

  test('with an older time is ignored, and with the same time is stored', () => {
    expect(mergeStructure(chosen, { ...report, timestamp: '2026-05-01T09:59:59.999Z' }, now)).toBeNull();
    expect(mergeStructure(chosen, { ...report, timestamp: '2026-05-01T10:00:00Z' }, now)).not.toBeNull();
  });

  test('may have a type with a name that every object has', () => {
    const odd = {
      ...report,
      post_types: { constructor: { label: 'Builders', count: 1 }, toString: { label: 'S', count: 0 } },
    };
    const merged = mergeStructure(first, odd, now);
    expect(merged?.post_types.constructor).toEqual({
      label: 'Builders',
      count: 1,
      enabled: true,
      fetch_limit: null,
    });
    const off = applyChoices(merged, { post_types: { constructor: { enabled: false } } });
    expect(off?.post_types.constructor).toMatchObject({ enabled: false });
  });
});

describe('a user’s choices', () => {
  test('do not change the object they are applied to', () => {
    const before = structuredClone(first);
    applyChoices(first, { post_types: { post: { enabled: false } } });
    expect(first).toEqual(before);
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'nope'])(
    'for %s, which no site reported, are refused or ignored',
    (slug) => {
      const sent = JSON.parse(`{"post_types":{"${slug}":{"enabled":false}},"taxonomies":{}}`);
      let result: unknown = first;
      try {
        result = applyChoices(first, sent);
      } catch (error) {
        expect(String(error)).toContain(slug);
      }
      expect(result).toEqual(first);
      expect(Object.hasOwn(Object, 'enabled') || 'enabled' in {}).toBe(false);
    },
  );
});

test('stored types are read back, and malformed ones are refused', () => {
  expect(readContentTypes({})).toBeNull();
  expect(readContentTypes({ content_types: JSON.parse(JSON.stringify(first)) })).toEqual(first);
  expect(() => readContentTypes({ content_types: { post_types: {} } })).toThrow();
});
