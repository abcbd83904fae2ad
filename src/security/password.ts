import { hash, verify } from '@node-rs/argon2';
import { BoundedQueue } from './boundedQueue.ts';

// Argon2id with the library's defaults (19 MiB, 2 passes), the first choice in OWASP's password storage cheat
// sheet.

/**
 * Argon2 runs on the four threads that Node has for files and names too. Two stay free for those. A hash takes
 * some 40 ms, so a waiting call gets its turn within about two seconds.
 */
const queue = new BoundedQueue({ atOnce: 2, places: 100 });

/** Hashes a password for storage, in PHC format. Throws 503 while too many passwords wait. */
export function hashPassword(password: string): Promise<string> {
  return queue.run(() => hash(password));
}

let nobody: Promise<string> | undefined;

/**
 * Whether the password matches the stored hash. Null means that the user does not exist: the result is false,
 * but the function takes the same time. Throws 503 while too many passwords wait.
 */
export function verifyPassword(password: string, keptHash: string | null): Promise<boolean> {
  return queue.run(async () => {
    nobody ??= hash('no user has this password');
    const matches = await verify(keptHash ?? (await nobody), password);
    return matches && keptHash !== null;
  });
}
