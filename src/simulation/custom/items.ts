import type { JsonObject } from '../../platforms/connection.ts';

/** An item in a response of the simulated API, with nested fields and odd names as in real APIs. */
export interface ApiItem {
  id: number;
  attributes: {
    title: string;
    slug: string;
    text: string | null;
    summary?: string;
    state: string;
    tags: { key: string; label: string }[];
    author?: string;
    /** Numbers of any length. */
    facts?: JsonObject;
  };
  links: { self: string };
  updated_at: string;
  /** The caller's own id for the item, stored with the item. */
  ref?: string;
}

/** Items 1 to `count`, dated one minute apart from 2026-01-01 on. */
export function makeItems(count: number): ApiItem[] {
  return Array.from({ length: count }, (_, index) => makeItem(index + 1));
}

export function makeItem(id: number): ApiItem {
  return {
    id,
    attributes: {
      title: `Article ${id}`,
      slug: `article-${id}`,
      text: `<p>Text ${id} – “quoted” & 日本語</p>`,
      summary: `Summary ${id}`,
      state: id % 3 === 0 ? 'in_work' : 'live',
      tags: [{ key: 'news', label: 'News' }],
      author: 'Ada',
    },
    links: { self: `https://www.example.com/articles/${id}` },
    updated_at: new Date(Date.UTC(2026, 0, 1) + id * 60_000).toISOString(),
  };
}
