import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until `look` returns without throwing and gives what it returned: expectations go inside. Throws the
 * last error when that does not come to pass within `withinMs`.
 */
export async function eventually<T>(look: () => T | Promise<T>, withinMs = 60_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(20);
    }
  }
}
