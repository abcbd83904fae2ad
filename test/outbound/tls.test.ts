import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RemoteError } from '../../src/errors.ts';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import {
  type Certificate,
  type CertificateChain,
  makeCertificate,
  makeChain,
} from '../support/tlsCertificates.ts';
import { serveLoopback } from './loopbackServer.ts';

let chain: CertificateChain;
const cleanups: Array<() => unknown> = [];

beforeAll(async () => {
  chain = await makeChain();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function answerFrom(certificate: Certificate, trusted?: string) {
  const server = await serveLoopback((_, response) => response.end('secure'), certificate);
  const client = new OutboundClient({
    allow: ['127.0.0.0/8', '::1'],
    ...(trusted === undefined ? {} : { extraCa: trusted }),
  });
  cleanups.push(() => client.close(), server.stop);
  return client.request({ url: server.url }).catch((error: unknown) => error);
}

async function faultOf(certificate: Certificate, trusted?: string): Promise<RemoteError> {
  const error = await answerFrom(certificate, trusted);
  if (error instanceof RemoteError) return error;
  throw new Error(`No RemoteError: ${String(error)}`);
}

describe('TLS', () => {
  it('accepts a full chain of a trusted authority, and measures the handshake', async () => {
    expect(await answerFrom(chain.full, chain.root.cert)).toMatchObject({
      status: 200,
      connect: { tls_ms: expect.any(Number) },
    });
  });

  it('reports an expired certificate', async () => {
    const expired = await makeCertificate({ issuer: chain.root, expired: true });
    expect(await faultOf(expired, chain.root.cert)).toMatchObject({ code: 'tls', detail: 'expired' });
  });

  it('reports a self-signed certificate', async () => {
    expect(await faultOf(await makeCertificate())).toMatchObject({ code: 'tls', detail: 'self_signed' });
  });

  it('reports a certificate for another name, without the names', async () => {
    const other = await makeCertificate({ name: 'other.example.com', issuer: chain.root });
    const error = await faultOf(other, chain.root.cert);
    expect(error).toMatchObject({ code: 'tls', detail: 'wrong_name' });
    expect(error.message).not.toContain('example.com');
  });

  it('reports a chain without its intermediate', async () => {
    expect(await faultOf(chain.leaf, chain.root.cert)).toMatchObject({
      code: 'tls',
      detail: 'incomplete_chain',
    });
  });

  it('reports an untrusted authority', async () => {
    expect(await faultOf(chain.full)).toMatchObject({ code: 'tls', detail: 'untrusted' });
  });

  it('reports a server without TLS', async () => {
    const server = await serveLoopback((_, response) => response.end());
    const client = new OutboundClient({ allow: ['127.0.0.0/8'] });
    cleanups.push(() => client.close(), server.stop);
    await expect(client.request({ url: `https://127.0.0.1:${server.port}/` })).rejects.toMatchObject({
      code: 'tls',
      detail: 'protocol',
    });
  });
});
