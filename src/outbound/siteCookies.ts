import { CookieJar } from 'tough-cookie';

/** A longer Set-Cookie header is ignored, as in browsers (RFC 6265, 6.1). Characters. */
const LONGEST = 4_096;
/** More cookies are ignored. */
const MOST = 50;
/** A longer Cookie header is not sent: many servers refuse it. Characters. */
const LONGEST_HEADER = 8_192;
/** What a header may hold (RFC 9110, 5.5). */
const HEADER_TEXT = /^[\t -~\u0080-\u00ff]*$/;

/**
 * The cookies of one origin, kept for the time of one run or test. Guards against bots set a cookie in their first
 * answer and let those pass who send it back. The cookies are sent to this origin alone.
 */
export class SiteCookies {
  readonly #origin: string;
  readonly #jar = new CookieJar(undefined, { rejectPublicSuffixes: false });
  readonly #names = new Set<string>();

  /** @param origin such as `https://example.com`. */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The value of the header Cookie for a request; null without cookies, and for every other origin. */
  headerFor(url: URL): string | null {
    if (url.origin !== this.#origin) return null;
    const header = this.#jar.getCookieStringSync(url.href);
    return header === '' || header.length > LONGEST_HEADER || !HEADER_TEXT.test(header) ? null : header;
  }

  /**
   * Takes the cookies that an answer sets. Cookies of other domains, too long ones and those above the limit are
   * ignored. Returns whether the next request to `url` sends other cookies than before.
   */
  take(url: URL, setCookies: readonly string[]): boolean {
    if (url.origin !== this.#origin || setCookies.length === 0) return false;
    const before = this.headerFor(url);
    for (const text of setCookies.slice(0, MOST)) {
      if (text.length > LONGEST || !HEADER_TEXT.test(text)) continue;
      const name = text.slice(0, text.indexOf('='));
      if (this.#names.size >= MOST && !this.#names.has(name)) continue;
      if (this.#jar.setCookieSync(text, url.href, { ignoreError: true }) !== undefined) this.#names.add(name);
    }
    const after = this.headerFor(url);
    return after !== null && after !== before;
  }
}
