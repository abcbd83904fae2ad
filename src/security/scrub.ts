/** Matches a site key inside a text, such as a URL or an error message of a library. */
const siteKeyInText = /sbk_[A-Za-z0-9_-]{8,}/g;
/** Matches the token or password of an Authorization header inside a text. */
const authorizationInText = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;

/** Replaces everything in a text that looks like a secret. */
export function scrub(text: string): string {
  return text.replace(siteKeyInText, 'sbk_[redacted]').replace(authorizationInText, '$1 [redacted]');
}
