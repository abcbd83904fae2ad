/**
 * A server as `npm start` runs it, for tests. HASTE divides the time that it gives a site, so that a test of slow
 * sites does not last as long as they do.
 */
import { once } from 'node:events';
import { createPlatforms } from '../../src/adminServices.ts';
import { readConfig } from '../../src/config.ts';
import { createContainer } from '../../src/container.ts';
import { createHttpServer } from '../../src/http/httpServer.ts';
import { createLogger } from '../../src/logger.ts';
import { OutboundClient, type OutboundRequest } from '../../src/outbound/httpClient.ts';

class HastyClient extends OutboundClient {
  override request(request: OutboundRequest) {
    return super.request({
      ...request,
      timeoutMs: (request.timeoutMs ?? 10_000) / Number(process.env.HASTE),
    });
  }
}

const config = readConfig(process.env);
const outbound = new HastyClient({ allow: config.outboundAllow });
const platforms = createPlatforms(config, outbound);
const container = await createContainer(config, createLogger('warn'), config.databaseUrl ?? '', platforms);
await container.start();
const server = createHttpServer(container.app, config.keepAliveTimeoutS).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
process.stdout.write(`ready at http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}\n`);
