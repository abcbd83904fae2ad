import type { LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RemoteError, SetupError } from '../../src/errors.ts';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import { type LoopbackServer, serveLoopback } from './loopbackServer.ts';

let server: LoopbackServer;

beforeAll(async () => {
  server = await serveLoopback((_, response) => response.end('inside'));
});
afterAll(() => server.stop());

/** Resolves every name to these addresses: the next list at each call, and the last list from then on. */
function resolvingTo(...answers: string[][]): LookupFunction {
  let asked = 0;
  return (_hostname, options, callback) => {
    const addresses = (answers[Math.min(asked, answers.length - 1)] ?? []).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    asked += 1;
    if (options.all) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
  };
}

async function failure(client: OutboundClient, url: string): Promise<RemoteError> {
  try {
    await client.request({ url, timeoutMs: 2_000 });
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  } finally {
    client.close();
  }
  throw new Error(`${url} was answered.`);
}

describe('private addresses', () => {
  it.each([
    '127.0.0.1',
    '127.1',
    '127.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '0177.0.0.1',
    '017700000001',
    '2130706433',
    '127.0.0.1.',
    '127.255.255.254',
    '０x7f.1',
    '①②⑦.⓪.⓪.①',
    '0',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '198.18.0.1',
    '192.0.2.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[::a9fe:a9fe]',
    '[4000::1]',
    '[64:ff9b::127.0.0.1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fc00::1]',
    '[fd12:3456::1]',
    '[ff02::1]',
    'localhost',
    'LOCALHOST',
  ])('refuses %s', async (host) => {
    const error = await failure(new OutboundClient({ allow: [] }), `http://${host}:${server.port}/`);
    expect(error.code).toBe('private_address');
    expect(server.seen).toHaveLength(0);
  });

  it('refuses a name that resolves to a private address', async () => {
    const client = new OutboundClient({ allow: [], lookup: resolvingTo(['127.0.0.1']) });
    expect((await failure(client, `http://inside.example.com:${server.port}/`)).code).toBe('private_address');
  });

  it('refuses a name that resolves to a public and a private one', async () => {
    const client = new OutboundClient({ allow: [], lookup: resolvingTo(['93.184.216.34', '10.0.0.1']) });
    expect((await failure(client, `http://mixed.example.com:${server.port}/`)).code).toBe('private_address');
  });

  it('checks the address of the socket, whatever the name resolved to before', async () => {
    // Every connection resolves the name again. A public address first must not allow a private address
    // later.
    const client = new OutboundClient({
      allow: ['127.0.0.1/32'],
      lookup: resolvingTo(['127.0.0.1'], ['127.0.0.2']),
    });
    const url = `http://rebinding.example.com:${server.port}/`;
    // The response closes the connection, so that the second request needs a new one.
    await client.request({ url, headers: { Connection: 'close' } });
    expect((await failure(client, url)).code).toBe('private_address');
  });

  it('never names the address, in the message or in its causes', async () => {
    const client = new OutboundClient({ allow: [], lookup: resolvingTo(['10.11.12.13']) });
    const error = await failure(client, 'http://inside.example.com/');
    const told = [
      error.message,
      error.detail,
      String(error.cause),
      error.stack,
      JSON.stringify(error),
    ].join();
    expect(told).not.toMatch(/10\.11\.12\.13/);
  });
});

describe('allowed ranges', () => {
  it.each([['127.0.0.0/8'], ['127.0.0.1'], ['::1/128', '127.0.0.0/8'], ['fd00::/8', '127.0.0.1/32']])(
    'let the operator allow %s',
    async (...allow) => {
      const client = new OutboundClient({ allow });
      const answer = await client.request({ url: `http://127.0.0.1:${server.port}/` });
      client.close();
      expect(answer.body.toString()).toBe('inside');
    },
  );

  it('allow no other address', async () => {
    const client = new OutboundClient({ allow: ['10.0.0.0/8'], lookup: resolvingTo(['127.0.0.1']) });
    expect((await failure(client, `http://127.0.0.1:${server.port}/`)).code).toBe('private_address');
    expect((await failure(client, `http://name.example.com:${server.port}/`)).code).toBe('private_address');
  });

  it('do not allow a name that also resolves to another private address', async () => {
    const client = new OutboundClient({
      allow: ['127.0.0.1/32'],
      lookup: resolvingTo(['127.0.0.1', '127.0.0.2']),
    });
    expect((await failure(client, `http://both.example.com:${server.port}/`)).code).toBe('private_address');
  });

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0.0/x',
    'example.com',
    '10.0.0.0/8/8',
    '::1/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
  ])('with the value "%s" prevent a start, and the error names the setting', (range) => {
    expect(() => new OutboundClient({ allow: [range] })).toThrow(SetupError);
    expect(() => new OutboundClient({ allow: [range] })).toThrow(/OUTBOUND_ALLOW/);
  });
});
