/**
 * The texts that a content has on both sides, raw, as an editor sees them. The schemas, the statements and
 * the hash all read this list. `since` is the first version of the hash that covers the text, so that older
 * hashes stay comparable when a text is added.
 */
export const CONTENT_TEXTS = {
  title: { since: 1 },
  slug: { since: 1 },
  body: { since: 1 },
  excerpt: { since: 1 },
} as const;

export type ContentText = keyof typeof CONTENT_TEXTS;
export type ContentTexts = Record<ContentText, string>;

/** The names of the texts, in the order in which they are hashed. */
export const contentTextNames = Object.keys(CONTENT_TEXTS) as ContentText[];

/** Copies only the texts from `source`. */
export function textsOf(source: ContentTexts): ContentTexts {
  const texts: Partial<ContentTexts> = {};
  for (const name of contentTextNames) texts[name] = source[name];
  return texts as ContentTexts;
}

/** Are all texts the same? */
export function sameTexts(one: ContentTexts, other: ContentTexts): boolean {
  return contentTextNames.every((name) => one[name] === other[name]);
}
