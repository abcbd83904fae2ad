/** A name that leads to the site at first, and to a private address later. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CONNECTION_EXPLANATIONS } from '../../src/platforms/connectionExplanations.ts';
import type { TestServer } from '../support/server.ts';
import { type Connected, connectApi, connectWordpress } from './connected.ts';
import { type Front, SITE_HOST } from './front.ts';
import { NameServer, startServerWithNames } from './nameServer.ts';
import { startTrap, type Trap } from './trap.ts';

const NAME = 'rebinding.example';
const names = new NameServer();
const traps: Trap[] = [];
let server: TestServer;
let sites: Connected[];

const named = ({ port }: Pick<Front, 'port'>) => `http://${NAME}:${port}`;

beforeAll(async () => {
  names.tells(NAME, [SITE_HOST]);
  server = await startServerWithNames(names);
  sites = [
    await connectWordpress(server, 'connector', named),
    await connectWordpress(server, 'password', named),
    await connectApi(server, named),
  ];
  for (const { front } of sites) {
    front.showAs(named(front));
    // The trap has the port of the site, so that only the address of the name differs.
    traps.push(await startTrap('127.0.0.1', front.port));
  }
});
afterAll(async () => {
  await server.stop();
  for (const site of sites) await site.stop();
  for (const trap of traps) await trap.stop();
});

const PRIVATE_MESSAGE = CONNECTION_EXPLANATIONS.private_address?.message ?? 'missing';

test.each([0, 1, 2])(
  'site %i gets no request at the other address, whenever the name changes',
  async (index) => {
    const site = sites[index];
    if (site === undefined) throw new Error('There is no such site.');
    for (const [name, use] of Object.entries(site.uses)) {
      let ended = false;
      let refused = 0;
      for (let right = 0; !ended; right = Math.max(right + 1, Math.ceil(right * 1.5))) {
        names.tells(NAME, ...Array.from({ length: right }, () => [SITE_HOST]), ['127.0.0.1']);
        const { passed, code, told } = await use();
        // The server may read ahead what it then does not need.
        ended = (names.asked.get(NAME) ?? 0) <= right;
        if (ended) expect({ name, told, passed }).toEqual({ name, told, passed: true });
        if (passed) continue;
        refused += 1;
        expect(code ?? told).toMatch(code === null ? PRIVATE_MESSAGE : /^private_address$/);
      }
      expect({ name, refused: refused > 0 }).toEqual({ name, refused: true });
      names.tells(NAME, [SITE_HOST]);
    }
    expect(traps.flatMap(({ caught }) => caught)).toEqual([]);
  },
  300_000,
);
