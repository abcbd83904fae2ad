import { describe, expect, it } from '@jest/globals';
import { RemoteError } from '../../src/errors.ts';
import { SitePaces, SiteResting } from '../../src/outbound/sitePace.ts';

/** A clock that moves only when something waits, or when a request takes its time. */
function startPaces() {
  const clock = { now: 0, waits: [] as number[] };
  const paces = new SitePaces({
    now: () => clock.now,
    wait: async (ms, signal) => {
      signal.throwIfAborted();
      clock.waits.push(ms);
      clock.now += ms;
    },
  });
  return { clock, paces };
}

const repeatable = { repeatable: true, writes: false };
const once = { repeatable: false, writes: false };
const signal = new AbortController().signal;
const beforeWrite = async () => {};
const fails = (options: { retryable?: boolean; retryAfterMs?: number } = { retryable: true }) =>
  new RemoteError('unreachable', 'The site cannot be reached.', options);

/** A request that fails `failures` times with the error, then returns `ok`. */
function failing(failures: number, error = fails()) {
  const calls = { count: 0 };
  return {
    calls,
    request: async () => {
      calls.count += 1;
      if (calls.count <= failures) throw error;
      return 'ok';
    },
  };
}

describe('requests at the same time', () => {
  it('are no more than allowed, over all callers of a site', async () => {
    const { paces } = startPaces();
    const one = paces.open('site', { atOnce: 2, signal, beforeWrite });
    const other = paces.open('site', { atOnce: 2, signal, beforeWrite });
    let underWay = 0;
    let most = 0;
    const request = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      return 1;
    };
    const all = Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).send(request, repeatable));
    expect((await Promise.all(all)).length).toBe(20);
    expect(most).toBe(2);
  });

  it('to different sites do not wait for each other', async () => {
    const { paces } = startPaces();
    const one = paces.open('one', { atOnce: 1, signal, beforeWrite });
    const other = paces.open('other', { atOnce: 1, signal, beforeWrite });
    let release = () => {};
    const held = one.send(() => new Promise<string>((resolve) => (release = () => resolve('late'))), once);
    expect(await other.send(async () => 'soon', once)).toBe('soon');
    release();
    expect(await held).toBe('late');
  });

  it('become fewer while the site’s responses get slower', async () => {
    const { clock, paces } = startPaces();
    const pace = paces.open('site', { atOnce: 4, signal, beforeWrite });
    const taking = (ms: number) => async () => {
      clock.now += ms;
    };
    for (let each = 0; each < 5; each += 1) await pace.send(taking(100), once);
    for (let each = 0; each < 40; each += 1) await pace.send(taking(5_000), once);
    let underWay = 0;
    let most = 0;
    const request = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
    };
    await Promise.all([1, 2, 3, 4].map(() => pace.send(request, once)));
    expect(most).toBeLessThan(4);
  });
});

describe('a failed request', () => {
  it('is retried after growing waits, if it is repeatable', async () => {
    const { clock, paces } = startPaces();
    const { request, calls } = failing(3);
    expect(await paces.open('site', { atOnce: 1, signal, beforeWrite }).send(request, repeatable)).toBe('ok');
    expect(calls.count).toBe(4);
    expect(clock.waits).toEqual([500, 1_000, 2_000]);
  });

  it('is not retried when the site may have done it', async () => {
    const { paces } = startPaces();
    const { request, calls } = failing(1);
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    await expect(pace.send(request, once)).rejects.toMatchObject({ code: 'unreachable' });
    expect(calls.count).toBe(1);
  });

  it('is retried after the time that the site asks for', async () => {
    const { clock, paces } = startPaces();
    const { request } = failing(1, fails({ retryable: true, retryAfterMs: 7_000 }));
    await paces.open('site', { atOnce: 1, signal, beforeWrite }).send(request, repeatable);
    expect(clock.waits).toEqual([7_000]);
  });

  it('is not retried when that cannot help', async () => {
    const { paces } = startPaces();
    const { request, calls } = failing(1, fails({ retryable: false }));
    await expect(
      paces.open('site', { atOnce: 1, signal, beforeWrite }).send(request, repeatable),
    ).rejects.toBeInstanceOf(RemoteError);
    expect(calls.count).toBe(1);
  });

  it('ends at once when the work is aborted', async () => {
    const { paces } = startPaces();
    const stop = new AbortController();
    const pace = paces.open('site', { atOnce: 1, signal: stop.signal, beforeWrite });
    const request = async () => {
      stop.abort();
      throw fails();
    };
    await expect(pace.send(request, repeatable)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(pace.send(async () => 1, repeatable)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a site', () => {
  it('that fails five times in a row is paused, and its count starts again', async () => {
    const { paces } = startPaces();
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    const { request, calls } = failing(9);
    await expect(pace.send(request, repeatable)).rejects.toBeInstanceOf(SiteResting);
    expect(calls.count).toBe(5);
    expect(await pace.send(request, repeatable)).toBe('ok');
  });

  it('that fails many requests under way together counts one failure', async () => {
    const { paces } = startPaces();
    const pace = paces.open('site', { atOnce: 8, signal, beforeWrite });
    let failures = 8;
    const request = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      if (failures === 0) return 'ok';
      failures -= 1;
      throw fails();
    };
    const answers = await Promise.all(Array.from({ length: 8 }, () => pace.send(request, repeatable)));
    expect(answers).toEqual(Array(8).fill('ok'));
  });

  it('that asks for a long wait is paused instead', async () => {
    const { paces } = startPaces();
    const { request } = failing(1, fails({ retryable: true, retryAfterMs: 600_000 }));
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    await expect(pace.send(request, repeatable)).rejects.toMatchObject({
      name: 'SiteResting',
      restMs: 600_000,
    });
  });
});

describe('a write', () => {
  it('is preceded by a check before each try, also after a wait, and is not sent when the check fails', async () => {
    const { paces } = startPaces();
    const checks: number[] = [];
    const { calls, request } = failing(2);
    const pace = paces.open('site', {
      atOnce: 1,
      signal,
      beforeWrite: async () => {
        checks.push(calls.count);
        if (checks.length === 2) throw new Error('lost');
      },
    });
    await expect(pace.send(request, { repeatable: true, writes: true })).rejects.toThrow('lost');
    expect(checks).toEqual([0, 1]);
    expect(calls.count).toBe(1);
    // The failed check is no failure of the site, and a request that reads is not checked.
    expect(await pace.send(async () => 'read', { repeatable: true, writes: false })).toBe('read');
    expect(checks).toHaveLength(2);
  });
});

describe('a site that lets requests time out', () => {
  const timeout = new RemoteError('timeout', 'The site did not answer in time.', { retryable: true });

  it('is left alone after two of them when it has answered nothing since the work began', async () => {
    const { paces } = startPaces();
    const { calls, request } = failing(9, timeout);
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    const resting = pace.send(request, repeatable);
    await expect(resting).rejects.toThrow('failed 2 times in a row');
    await expect(resting).rejects.toBeInstanceOf(SiteResting);
    expect(calls.count).toBe(2);
  });

  it('gets the whole patience when it has answered before', async () => {
    const { paces } = startPaces();
    const { calls, request } = failing(9, timeout);
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    await pace.send(async () => 'answer', repeatable);
    await expect(pace.send(request, repeatable)).rejects.toThrow('failed 5 times in a row');
    expect(calls.count).toBe(5);
  });
});

describe('a request that can be divided', () => {
  const divisible = { repeatable: true, writes: false, divisible: true };
  const tooMuch = () => new RemoteError('site_failed', 'The page was too much.', { retryable: true });

  it('is not repeated, and does not count while other requests pass', async () => {
    const { clock, paces } = startPaces();
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    for (let each = 0; each < 20; each += 1) {
      const page = failing(1, tooMuch());
      await expect(pace.send(page.request, divisible)).rejects.not.toBeInstanceOf(SiteResting);
      expect(page.calls.count).toBe(1);
      expect(await pace.send(async () => 'small', divisible)).toBe('small');
    }
    expect(clock.waits).toEqual([]);
  });

  it('counts with the failures of the next requests, so that a site that is down is asked no more often', async () => {
    const { paces } = startPaces();
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    for (let each = 0; each < 2; each += 1)
      await expect(pace.send(failing(1, tooMuch()).request, divisible)).rejects.toThrow(
        'The page was too much.',
      );
    const proof = failing(100, tooMuch());
    await expect(pace.send(proof.request, repeatable)).rejects.toThrow('The site failed 5 times in a row');
    expect(proof.calls.count).toBe(3);
  });

  it('is repeated after a failure that is not of too much work', async () => {
    const { paces } = startPaces();
    const pace = paces.open('site', { atOnce: 1, signal, beforeWrite });
    const refused = new RemoteError('unreachable', 'Refused.', { retryable: true, detail: 'refused' });
    expect(await pace.send(failing(2, refused).request, divisible)).toBe('ok');
  });
});
