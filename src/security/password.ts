import { hash, verify } from '@node-rs/argon2';

// Argon2id with the library's defaults (19 MiB, 2 passes), the first choice of OWASP's password storage cheat sheet.

/** Hashes a password for keeping, in PHC form. */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

let nobody: Promise<string> | undefined;

/** Whether the password is the one of the kept hash. With null (no such user) the same work is done and the answer is false. */
export async function verifyPassword(password: string, keptHash: string | null): Promise<boolean> {
  nobody ??= hash('no user has this password');
  const matches = await verify(keptHash ?? (await nobody), password);
  return matches && keptHash !== null;
}
