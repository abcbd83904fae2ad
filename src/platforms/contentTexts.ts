/**
 * The texts that a content has on both sides, raw, as an editor sees them. The schemas, the statements and
 * the hash all read this list. `since` is the first version of the hash that covers the text, so that older
 * hashes stay comparable when a text is added. `longest` is the length that the API accepts, in UTF-16 units.
 */
export const CONTENT_TEXTS = {
  title: { since: 1, longest: 10_000 },
  // WordPress cuts a longer slug, which would then differ for ever.
  slug: { since: 1, longest: 200 },
  body: { since: 1, longest: null },
  excerpt: { since: 1, longest: 60_000 },
} as const;

export type ContentText = keyof typeof CONTENT_TEXTS;
export type ContentTexts = Record<ContentText, string>;

/** The names of the texts, in the order in which they are hashed. */
export const contentTextNames = Object.keys(CONTENT_TEXTS) as ContentText[];

/** Makes an object with a value for each text. */
export function eachText<Value>(value: (name: ContentText) => Value): Record<ContentText, Value> {
  return Object.fromEntries(contentTextNames.map((name) => [name, value(name)])) as Record<
    ContentText,
    Value
  >;
}

/** Copies only the texts from `source`. */
export function textsOf(source: ContentTexts): ContentTexts {
  return eachText((name) => source[name]);
}

/** Are all texts the same? */
export function sameTexts(one: ContentTexts, other: ContentTexts): boolean {
  return contentTextNames.every((name) => one[name] === other[name]);
}
