/** A name server of the tests, and a server that asks it. */
import type { LookupFunction } from 'node:net';
import { createPlatforms } from '../../src/adminServices.ts';
import { readConfig } from '../../src/config.ts';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { SITE_HOST } from './front.ts';

/** Answers each name as a test says. */
export class NameServer {
  readonly #answers = new Map<string, string[][]>();
  /** How often a name was asked. */
  readonly asked = new Map<string, number>();

  /** Sets the answers for a name: one for each question, and the last one from then on. */
  tells(name: string, ...answers: string[][]): void {
    this.#answers.set(name, answers);
    this.asked.set(name, 0);
  }

  readonly lookup: LookupFunction = (hostname, options, callback) => {
    const answers = this.#answers.get(hostname);
    const asked = this.asked.get(hostname) ?? 0;
    this.asked.set(hostname, asked + 1);
    const found = answers?.[Math.min(asked, answers.length - 1)];
    if (found === undefined)
      return callback(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), [], 4);
    const addresses = found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    const [first = { address: '', family: 4 }] = addresses;
    if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  };
}

/** A server whose platforms ask this name server. It may call SITE_HOST. */
export async function startServerWithNames(names: NameServer): Promise<TestServer> {
  const outbound = new OutboundClient({ allow: [`${SITE_HOST}/32`], lookup: names.lookup });
  const server = await startTestServer({}, { platforms: createPlatforms(readConfig({}), outbound) });
  return {
    ...server,
    stop: async () => {
      outbound.close();
      await server.stop();
    },
  };
}
