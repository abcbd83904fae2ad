import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `look`, which contains expectations, until it returns without throwing, and returns its result.
 * Throws the last error when `look` still throws after `withinMs`.
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
