import { owner } from './seed.ts';

/** Signs in and returns the owner's token. Throws when the server returns no token. */
export async function signIn(url: string): Promise<string> {
  return tokenOf(url, owner);
}

/** The same for another user. */
export async function tokenOf(url: string, user: { email: string; password: string }): Promise<string> {
  const answer = await fetch(`${url}/api/v1/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(user),
  });
  const body: unknown = await answer.json();
  if (typeof body !== 'object' || body === null || !('access_token' in body))
    throw new Error(`Signing in answered ${answer.status}.`);
  return String(body.access_token);
}
