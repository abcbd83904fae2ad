import type { Request, Response } from 'express';
import { CallerError } from '../errors.ts';

/** A caller who sends or receives a body slower than this gives way to others. Bytes per second, on average. */
const LEAST_RATE = 256 * 1024;
/** For how long the rate does not matter. Milliseconds. */
const GRACE_MS = 4_000;
/** The same for a response, which belongs to work that is done. Milliseconds. */
const RESPONSE_GRACE_MS = 30_000;
const LOOK_EVERY_MS = 500;
/** How much a look adds to the time at most: a server that is too busy to look is too busy to receive. */
const COUNTED_MS = 2 * LOOK_EVERY_MS;

/**
 * Watches how fast a body arrives, from now on, until `end` is called. Only the time counts in which the caller is in
 * the way: a server that is busy with other bodies receives slowly itself.
 */
export class SlowSender {
  /** Rejects with a 408 when the body arrives slowly while others wait. Does not resolve. */
  readonly refused: Promise<never>;
  readonly #timer: NodeJS.Timeout;

  /** `isInTheWay`: whether others could go on if they had the place of this caller. */
  constructor({ socket }: Request, isInTheWay: () => boolean) {
    const before = socket.bytesRead;
    let countedMs = 0;
    const { promise, reject } = Promise.withResolvers<never>();
    this.refused = promise;
    this.#timer = everyLook((sinceMs) => {
      if (!isInTheWay()) return;
      countedMs += sinceMs;
      if (isLate(countedMs, socket.bytesRead - before)) reject(tooSlow());
    });
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/**
 * Waits until the response is sent. The connection of a caller who does not take the response in time is closed when
 * others wait for the place of this caller: how much of the response was taken cannot be seen before.
 */
export async function sent(response: Response, isAwaited: () => boolean): Promise<void> {
  if (response.closed) return;
  let tookMs = 0;
  const timer = everyLook((sinceMs) => {
    if (!response.writableEnded) return;
    tookMs += sinceMs;
    const bytes = Number(response.getHeader('content-length') ?? 0);
    if (tookMs > RESPONSE_GRACE_MS && isLate(tookMs, bytes) && isAwaited()) response.destroy();
  });
  await new Promise<void>((resolve) => response.once('close', resolve));
  clearInterval(timer);
}

/** Calls `look` with the time since the last look, in milliseconds, until the timer is cleared. */
function everyLook(look: (sinceMs: number) => void): NodeJS.Timeout {
  let last = performance.now();
  return setInterval(() => {
    const now = performance.now();
    const since = Math.min(now - last, COUNTED_MS);
    last = now;
    look(since);
  }, LOOK_EVERY_MS);
}

function isLate(tookMs: number, bytes: number): boolean {
  return tookMs > Math.max(GRACE_MS, (bytes * 1000) / LEAST_RATE);
}

/** The connection is closed, so that the rest of the body is not received. */
function tooSlow(): CallerError {
  return new CallerError(
    'too_slow',
    'The body arrived slower than 256 KiB/s while other large bodies waited. Nothing was changed. Try again ' +
      'later, or over a faster connection.',
    { code: 'slow_body', headers: { Connection: 'close' } },
  );
}
