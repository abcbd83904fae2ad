import { hash, verify } from '@node-rs/argon2';

// Argon2id with the library's defaults (19 MiB, 2 passes), the first choice in OWASP's password storage cheat
// sheet.

/** Hashes a password for storage, in PHC format. */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

let nobody: Promise<string> | undefined;

/**
 * Whether the password matches the stored hash. Null means that the user does not exist: the result is false,
 * but the function takes the same time.
 */
export async function verifyPassword(password: string, keptHash: string | null): Promise<boolean> {
  nobody ??= hash('no user has this password');
  const matches = await verify(keptHash ?? (await nobody), password);
  return matches && keptHash !== null;
}
