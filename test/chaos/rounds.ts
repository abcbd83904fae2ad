import { setTimeout as delay } from 'node:timers/promises';

/** The time between two calls of a steady load. */
export const pause = (ms: number): Promise<void> => delay(ms);

/** Does something again and again, `everyMs` apart, until the stop. */
export async function rounds(
  everyMs: number,
  isStopped: () => boolean,
  act: (round: number) => void | Promise<void>,
): Promise<void> {
  for (let round = 1; !isStopped(); round += 1) {
    await act(round);
    await pause(everyMs);
  }
}
