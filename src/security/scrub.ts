/** A site key that got into a text, such as a URL or a foreign error message. */
const siteKeyInText = /sbk_[A-Za-z0-9_-]{8,}/g;
/** A token or password in an Authorization header that got into a text. */
const authorizationInText = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;

/** Takes what looks like a secret out of a text. */
export function scrub(text: string): string {
  return text.replace(siteKeyInText, 'sbk_[redacted]').replace(authorizationInText, '$1 [redacted]');
}
