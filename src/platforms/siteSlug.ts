/** WordPress's columns for slugs hold 200 bytes. */
export const LONGEST_SLUG = 200;

/** Locales in which remove_accents() writes some letters differently, and those letters. */
const LOCALES = {
  '': {},
  de: { Ä: 'Ae', ä: 'ae', Ö: 'Oe', ö: 'oe', Ü: 'Ue', ü: 'ue', ß: 'ss' },
  da_DK: { Æ: 'Ae', æ: 'ae', Ø: 'Oe', ø: 'oe', Å: 'Aa', å: 'aa' },
  ca: { l·l: 'll' },
  sr_RS: { Đ: 'DJ', đ: 'dj' },
} as const;
export type SlugLocale = keyof typeof LOCALES;

/** The letters of remove_accents() whose accent is not a separate character in Unicode. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ ª: 'a', º: 'o', Æ: 'AE', æ: 'ae', Ð: 'D', ð: 'd', Þ: 'TH', þ: 'th', ß: 's', Ø: 'O', ø: 'o', Đ: 'D' },
  ...{ đ: 'd', Ħ: 'H', ħ: 'h', ı: 'i', Ĳ: 'IJ', ĳ: 'ij', ĸ: 'k', Ŀ: 'L', ŀ: 'l', Ł: 'L', ł: 'l', ŉ: 'n' },
  ...{ Ŋ: 'N', ŋ: 'n', Œ: 'OE', œ: 'oe', Ŧ: 'T', ŧ: 't', ſ: 's', Ə: 'E', ǝ: 'e', '€': 'E', '£': '', ɑ: 'a' },
};

/** All letters that remove_accents() replaces. */
const ACCENTED = /[À-ſƠơƯưǍ-ǜȘ-țẠ-ỹªºƏǝ€£ɑ]/gu;

/** Characters that sanitize_title_with_dashes() turns into hyphens, and characters that it removes. */
const HYPHENS = inSlug([0xa0], [0x2000, 0x200a], [0x2013, 0x2014], [0x2028, 0x2029], [0x202f]);
const REMOVED = inSlug(
  ...[[0xa1], [0xa9], [0xab], [0xad, 0xae], [0xb0], [0xb4], [0xbb], [0xbf], [0x2ca], [0x300, 0x301], [0x304]],
  ...[[0x30c], [0x341], [0x200b, 0x200f], [0x2018, 0x201f], [0x2022], [0x2026], [0x202a, 0x202e]],
  ...[[0x2039, 0x203a], [0x2122], [0xfeff], [0xfffc]],
);
const HYPHEN_ENTITIES = /&(?:nbsp|#160|ndash|#8211|mdash|#8212);/g;

/**
 * The slug that WordPress makes of a title, or of a text that is sent as a slug: sanitize_title(). Letters of
 * other scripts are percent-encoded in lower case, as in the database and in responses of WordPress. A site's
 * language changes some letters, and a plugin may change them all. '' if nothing is left. A slug stays as it is.
 * https://developer.wordpress.org/reference/functions/sanitize_title/
 */
export function siteSlug(text: string, locale: SlugLocale = ''): string {
  const plain = withoutAccents(text.toWellFormed(), locale)
    // strip_tags(), which takes an open tag for a tag up to the end of the text.
    .replace(/<(?!\s)[^>]*(?:>|$)/g, '')
    // Percent signs stay only where they encode a byte.
    .replace(/%(?![0-9a-f]{2})/gi, '');
  return dashed(encoded(plain));
}

/** The different slugs that sites in any language make of a text, the most usual first. */
export function siteSlugs(text: string): string[] {
  const locales = Object.keys(LOCALES) as SlugLocale[];
  return [...new Set(locales.map((locale) => siteSlug(text, locale)))];
}

/** A slug with an ending, in at most 200 bytes: _truncate_post_slug(). */
export function withEnding(slug: string, ending: string): string {
  const room = LONGEST_SLUG - ending.length;
  return (slug.length <= room ? slug : encoded(lettersOf(slug), room).replace(/-+$/, '')) + ending;
}

/** A slug with its letters instead of their encoding, as a request may name it too. */
export function lettersOf(slug: string): string {
  try {
    return decodeURIComponent(slug);
  } catch {
    return slug;
  }
}

function withoutAccents(text: string, locale: SlugLocale): string {
  const own: Readonly<Record<string, string>> = LOCALES[locale];
  const composed = text.normalize('NFC');
  const joined = locale === 'ca' ? composed.replaceAll('l·l', 'll') : composed;
  return joined.replace(
    ACCENTED,
    (letter) => own[letter] ?? LETTERS[letter] ?? letter.normalize('NFD').replace(/\p{M}/gu, ''),
  );
}

/** mb_strtolower() and utf8_uri_encode(), which ends before the letter for which there is no room. */
function encoded(text: string, room = LONGEST_SLUG): string {
  let slug = '';
  for (const letter of text.toLowerCase()) {
    const part = letter > '\u007f' ? encodeURIComponent(letter).toLowerCase() : letter;
    if (slug.length + part.length > room) break;
    slug += part;
  }
  return slug;
}

function dashed(slug: string): string {
  return slug
    .replace(HYPHENS, '-')
    .replace(HYPHEN_ENTITIES, '-')
    .replaceAll('/', '-')
    .replace(REMOVED, '')
    .replaceAll('%c3%97', 'x')
    .replace(/&.+?;/g, '')
    .replaceAll('.', '-')
    .replace(/[^%a-z0-9 _-]/g, '')
    .replace(/[ -]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** Finds characters in a slug, where they are percent-encoded. Each range has its first and its last character. */
function inSlug(...ranges: number[][]): RegExp {
  const all = ranges.flatMap(([first = 0, last = first]) =>
    Array.from({ length: last - first + 1 }, (_, index) =>
      encodeURIComponent(String.fromCharCode(first + index)).toLowerCase(),
    ),
  );
  return new RegExp(all.join('|'), 'g');
}
