import { afterEach, describe, expect, it } from '@jest/globals';
import { CostBucket } from '../../../src/platforms/shopify/api/costBucket.ts';
import { contentWrite, readOut, typeOf } from '../../support/contentCaller.ts';
import { StandingClock, type TestShop, testShop } from './testShop.ts';

let shop: TestShop | undefined;
afterEach(async () => {
  await shop?.stop();
  shop = undefined;
});

const all = { newest: null, cursor: null };

function throttledOf({ shopify }: TestShop): number {
  return shopify.state.requests.filter(({ status }) => status === 429).length;
}

/** Counts throttled responses, as the simulation shows a throttled request only in its unchanged bucket. */
async function watched(bucket: { maximumAvailable: number; restoreRate: number }) {
  const made = await testShop({ bucket });
  shop = made;
  const { throttle } = made.shopify;
  let refused = 0;
  const take = throttle.take.bind(throttle);
  throttle.take = (cost) => {
    const taken = take(cost);
    if (!taken) refused += 1;
    return taken;
  };
  return { ...made, refused: () => refused };
}

describe('running alone', () => {
  it.each([
    { maximumAvailable: 2000, restoreRate: 100 },
    { maximumAvailable: 1000, restoreRate: 50 },
    { maximumAvailable: 600, restoreRate: 10 },
  ])('never causes a throttle with %j, with many requests at once', async (bucket) => {
    const { open, shopify, refused, time } = await watched(bucket);
    for (let number = 0; number < 120; number += 1) shopify.add('product', { title: `Product ${number}` });
    const session = await open();
    await Promise.all([
      readOut(session.readAll({ type: typeOf('product'), ...all })),
      readOut(session.readAll({ type: typeOf('article'), ...all })),
      session.read(typeOf('product'), ['1007', '1008', '1009']),
      session.write(
        typeOf('page'),
        Array.from({ length: 30 }, (_, index) => contentWrite(index + 1)),
      ),
      (await open()).read(typeOf('page'), ['1005']),
    ]);
    expect(refused()).toBe(0);
    expect(shopify.state.items.filter((item) => item.kind === 'page')).toHaveLength(32);
    if (bucket.restoreRate === 10) expect(time.waits.length).toBeGreaterThan(0);
  });

  it('waits no longer than necessary', async () => {
    const { open, shopify, time } = await watched({ maximumAvailable: 1000, restoreRate: 50 });
    for (let number = 0; number < 100; number += 1) shopify.add('product', { title: `Product ${number}` });
    const began = time.now;
    await readOut((await open()).readAll({ type: typeOf('product'), ...all }));
    // About 103 products cost about 9 points each, less the points of the full bucket.
    expect((time.now - began) / 1000).toBeLessThan(20);
  });
});

describe('with other apps on the same bucket', () => {
  it('waits for the bucket and retries, reads as well as writes', async () => {
    shop = await testShop();
    const session = await shop.open();
    shop.shopify.setFault('throttled', 2);
    const outcome = await session.write(typeOf('page'), [contentWrite(1)]);
    expect(outcome).toMatchObject([{ result: 'written', created: true }]);
    shop.shopify.setFault('throttled', 2);
    expect((await session.read(typeOf('page'), ['1005'])).items).toHaveLength(1);
    expect(shop.time.waits).toEqual([1000, 1000, 1000, 1000]);
    expect(shop.shopify.state.items.filter((item) => item.kind === 'page')).toHaveLength(3);
  });

  it('waits as long as a 429 asks', async () => {
    shop = await testShop();
    const session = await shop.open();
    shop.shopify.setFault('too_many_requests', 1);
    expect((await session.read(typeOf('page'), ['1005'])).items).toHaveLength(1);
    expect(shop.time.waits).toEqual([2000]);
    expect(throttledOf(shop)).toBe(1);
  });

  it('throws when the throttle does not end, with the time of the next try', async () => {
    shop = await testShop();
    const session = await shop.content.open(shop.connection(), {
      atOnce: 1,
      signal: new AbortController().signal,
      send: (request) => request(),
      beforeWrite: async () => {},
    });
    shop.shopify.setFault('too_many_requests');
    await expect(session.read(typeOf('page'), ['1005'])).rejects.toMatchObject({
      code: 'throttled',
      retryable: true,
      retryAfterMs: 2000,
    });
    expect(throttledOf(shop)).toBe(5);
  });
});

describe('the bucket', () => {
  const status = { maximumAvailable: 100, currentlyAvailable: 100, restoreRate: 10 };

  it('admits a single request while its state is unknown', async () => {
    const bucket = new CostBucket(new StandingClock());
    const admitted: number[] = [];
    const first = bucket.reserve(5).then(() => admitted.push(1));
    const second = bucket.reserve(5).then(() => admitted.push(2));
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(admitted).toEqual([1]);
    bucket.settle(5, status);
    await second;
    expect(admitted).toEqual([1, 2]);
  });

  it('waits for exactly the missing points, including those of requests under way', async () => {
    const time = new StandingClock();
    const bucket = new CostBucket(time);
    await bucket.reserve(1);
    bucket.settle(1, { ...status, currentlyAvailable: 50 });
    await bucket.reserve(40);
    await bucket.reserve(30);
    expect(time.waits).toEqual([2000]);
  });

  it('admits requests in their order, also one that costs more than it holds', async () => {
    const time = new StandingClock();
    const bucket = new CostBucket(time);
    await bucket.reserve(1);
    bucket.settle(1, { ...status, currentlyAvailable: 0 });
    await bucket.reserve(500);
    expect(time.waits).toEqual([10_000]);
  });

  it('works after an aborted wait', async () => {
    const time = new StandingClock();
    const bucket = new CostBucket(time);
    await bucket.reserve(1);
    bucket.settle(1, { ...status, currentlyAvailable: 0 });
    const given = new AbortController();
    given.abort();
    await expect(bucket.reserve(10, given.signal)).rejects.toThrow();
    await bucket.reserve(10);
    expect(time.waits).toEqual([1000]);
    expect(bucket.waiting).toBe(1);
  });

  it('learns the cost of a query', () => {
    const bucket = new CostBucket(new StandingClock());
    expect(bucket.costOf('Products', 500)).toBe(500);
    bucket.learn('Products', 500, 80);
    expect(bucket.costOf('Products', 500)).toBe(80);
    expect(bucket.costOf('Products', 250)).toBe(250);
  });
});
