import { expect, test } from '@jest/globals';
import { createHttpServer } from '../../src/http/httpServer.ts';

test.each([1, 75, 3_600])('headers may take longer than a connection may be idle: %d s', (seconds) => {
  const server = createHttpServer(() => {}, seconds);
  expect(server.keepAliveTimeout).toBe(seconds * 1000);
  expect(server.headersTimeout).toBeGreaterThan(server.keepAliveTimeout);
  expect(server.requestTimeout).toBeGreaterThanOrEqual(server.headersTimeout);
});
