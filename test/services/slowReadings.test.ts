/** The single reading of a slow site goes on without its worker, and loses no change of its item. */
import { expect, test } from '@jest/globals';
import { SlowReadings, StillReading } from '../../src/services/sync/pull/slowReadings.ts';

/** A site whose readings last until they are answered. */
function slowSite() {
  const readings: PromiseWithResolvers<void>[] = [];
  const read = () => {
    const reading = Promise.withResolvers<void>();
    readings.push(reading);
    return reading.promise;
  };
  return { readings, read };
}

const post = (jobId: string) => ({ jobId, integrationId: 1, item: 'post:1' });

/** Lets the followers of an ended reading take notice. */
const turn = () => new Promise(setImmediate);

test('the retry of a job does not read again what its own reading has read', async () => {
  const slow = new SlowReadings({ slowAfterMs: 1 });
  const { readings, read } = slowSite();
  await expect(slow.read(post('a'), read)).rejects.toThrow(StillReading);
  readings[0]?.resolve();
  await turn();
  await slow.read(post('a'), read);
  expect(readings).toHaveLength(1);
});

test('the retry of a job reads again an item that was announced during its reading', async () => {
  const slow = new SlowReadings({ slowAfterMs: 1 });
  const { readings, read } = slowSite();
  await expect(slow.read(post('a'), read)).rejects.toThrow(StillReading);
  // The queue drops the retry of this job, as another job for the item waits already.
  await expect(slow.read(post('b'), read)).rejects.toThrow(StillReading);
  readings[0]?.resolve();
  await turn();
  await expect(slow.read(post('a'), read)).rejects.toThrow(StillReading);
  expect(readings).toHaveLength(2);
  readings[1]?.resolve();
});

test('another job reads, whatever the job before it has read', async () => {
  const slow = new SlowReadings({ slowAfterMs: 1 });
  const { readings, read } = slowSite();
  await expect(slow.read(post('a'), read)).rejects.toThrow(StillReading);
  readings[0]?.resolve();
  await turn();
  // The retry of the first job went to another process.
  await expect(slow.read(post('b'), read)).rejects.toThrow(StillReading);
  expect(readings).toHaveLength(2);
  readings[1]?.resolve();
});

test('a reading that failed is tried again by its job, and its site is free for others', async () => {
  const slow = new SlowReadings({ slowAfterMs: 1 });
  const { readings, read } = slowSite();
  await expect(slow.read(post('a'), read)).rejects.toThrow(StillReading);
  await expect(slow.read({ ...post('c'), item: 'post:2' }, read)).rejects.toThrow(StillReading);
  expect(readings).toHaveLength(1);
  readings[0]?.reject(new Error('The site is gone.'));
  await turn();
  await slow.read(post('a'), async () => undefined);
  await slow.read({ ...post('c'), item: 'post:2' }, async () => undefined);
});
