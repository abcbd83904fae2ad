/**
 * The texts that a content has on both sides, raw, as an editor sees them: declared here, and read from here by the
 * schemas, the statements and the hash. `since`: the version of the hash that covers the text first, so that a hash
 * of before stays comparable when a text is added.
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

/** The texts of whatever has them, and nothing else of it. */
export function textsOf(source: ContentTexts): ContentTexts {
  const texts: Partial<ContentTexts> = {};
  for (const name of contentTextNames) texts[name] = source[name];
  return texts as ContentTexts;
}

/** Are all texts the same? */
export function sameTexts(one: ContentTexts, other: ContentTexts): boolean {
  return contentTextNames.every((name) => one[name] === other[name]);
}
