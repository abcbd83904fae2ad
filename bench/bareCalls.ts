import { signatureHeaders } from '../test/wordpress/support/signed-request.ts';
import type { Seen } from './largeWordpress.ts';

/** Who asks: with an application password, or signed as the server does. */
export type Asker = { username: string; application_password: string } | { siteId: number; key: string };

/**
 * Sends requests, so many at once, and throws away what is answered. Throws when an answer, or a part of a batch, is no
 * success.
 */
export async function sendBare(
  url: string,
  asker: Asker,
  requests: readonly Seen[],
  atOnce: number,
): Promise<void> {
  const left = requests.values();
  const worker = async () => {
    for (const { method, target, body } of left) {
      const address = new URL(target, url).href;
      const answer = await fetch(address, {
        method,
        headers: {
          ...signIn(address, asker, method, body),
          ...(body === '' ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === '' ? {} : { body }),
      });
      const answered = Buffer.from(await answer.arrayBuffer());
      if (!answer.ok) throw new Error(`${method} ${target} answered ${answer.status}.`);
      // A batch is a success even where none of its parts is.
      if (method !== 'GET' && /"status":[^2"]/.test(answered.toString('latin1')))
        throw new Error(`A part of ${method} ${target} was no success.`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function signIn(url: string, asker: Asker, method: string, body: string): Record<string, string> {
  if ('key' in asker) return signatureHeaders(url, { ...asker, method, body });
  const { username, application_password } = asker;
  return {
    Authorization: `Basic ${Buffer.from(`${username}:${application_password}`).toString('base64')}`,
  };
}
