/** A server that gives the responses of a test and records the requests. */

import { createServer, type IncomingHttpHeaders } from 'node:http';

/** A request as it arrived. */
export interface RecordedRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A response. An object is sent as JSON. */
export interface RecordedAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A running recording server. */
export interface RecordingServer {
  url: string;
  /** All requests so far, oldest first. */
  requests: RecordedRequest[];
  /** Sets the responses from now on and deletes the recorded requests. */
  answerWith(answer: (request: RecordedRequest) => RecordedAnswer | Promise<RecordedAnswer>): void;
  stop(): Promise<void>;
}

/** Starts a recording server on the loopback, on a free port by default. It answers 404 at first. */
export async function startRecordingServer(port = 0): Promise<RecordingServer> {
  const requests: RecordedRequest[] = [];
  let respond: (request: RecordedRequest) => RecordedAnswer | Promise<RecordedAnswer> = () => ({
    status: 404,
  });
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }
    const request = {
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(chunks).toString('utf8'),
    };
    requests.push(request);
    const answer = await respond(request);
    outgoing.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
    outgoing.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('The recording server has no port');
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    answerWith(answer) {
      requests.length = 0;
      respond = answer;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
