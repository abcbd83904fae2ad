/** A front before a simulated site. A test can answer some requests in the site's place. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { forward } from '../support/gate.ts';

/** Answers a request and returns true, or returns false to let the site answer. */
export type Hook = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface Front {
  /** The site's address through the front. */
  readonly url: string;
  readonly port: number;
  /** Method and target of each request so far. */
  readonly seen: string[];
  /** Sets the hook of all later requests; null takes it away. */
  answer(hook: Hook | null): void;
  /** Replaces the site's address in all later answers; null for the front's own. */
  showAs(url: string | null): void;
  stop(): Promise<void>;
}

/** The one address of the loopback that the servers of these tests may call. */
export const SITE_HOST = '127.0.0.9';

/**
 * Opens a front to the site at `target`, on a port of SITE_HOST. Each answer closes its connection, so that every
 * request makes a new one.
 */
export async function startFront(target: string): Promise<Front> {
  let hook: Hook | null = null;
  let shownAs: string | null = null;
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.on('error', () => undefined);
    response.setHeader('Connection', 'close');
    if (hook?.(request, response)) request.resume();
    else void forward(target, shownAs ?? url, request, response).catch(() => response.destroy());
  }).listen(0, SITE_HOST);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The front has no port.');
  const url = `http://${SITE_HOST}:${address.port}`;
  return {
    url,
    port: address.port,
    seen,
    answer: (next) => {
      hook = next;
    },
    showAs: (next) => {
      shownAs = next;
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A hook for the requests whose method and target match. */
export function answering(
  pattern: RegExp,
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Hook {
  return (request, response) => {
    if (!pattern.test(`${request.method} ${request.url}`)) return false;
    answer(response, request);
    return true;
  };
}
