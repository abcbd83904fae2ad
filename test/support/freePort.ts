import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of the loopback interface that no program uses now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  if (address === null || typeof address === 'string') throw new Error('a listening socket without a port');
  return address.port;
}
