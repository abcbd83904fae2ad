import { signatureHeaders } from '../test/wordpress/support/signed-request.ts';
import type { Seen } from './largeWordpress.ts';

/** The sign-in of the requests: an application password, or signatures like those of the server. */
export type Asker = { username: string; application_password: string } | { siteId: number; key: string };

/**
 * Sends requests, `atOnce` at the same time, and discards the responses. Throws when a response, or a part of
 * a batch, is not a success.
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
      // The status of a batch is a success even when all its parts failed, so the parts are checked.
      if (method !== 'GET' && /"status":[^2"]/.test(answered.toString('latin1')))
        throw new Error(`A part of ${method} ${target} failed.`);
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
