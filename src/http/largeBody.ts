import express, { type Request, type RequestHandler, type Response } from 'express';
import { CallerError } from '../errors.ts';
import { decodeBody, parseJsonText } from '../outbound/json.ts';
import { MalformedJson } from '../outbound/jsonReader.ts';
import { BoundedQueue } from '../security/boundedQueue.ts';
import { addressOf, CallerQueues } from './limits/callerQueues.ts';
import { bodyOf, decodeText, notUtf8, parseJson } from './rawBody.ts';

/** The largest body of most routes. Bytes. */
export const usualBytes = 1024 * 1024;
/** The largest body of a route for whole contents: as much as a site may answer. Bytes. */
const largeBytes = 32 * 1024 * 1024;
/**
 * How many values besides their texts a body may have, as many as fit into a body of the usual size. Each takes
 * more memory than its characters.
 */
const mostValues = usualBytes / 2;

/** Large bodies take up to ten times their size, so few are handled at once, and one of each account. */
const atOnce = 2;
const busy = 'Too many large bodies are being handled right now. Try again in 2 s.';

/**
 * Reads a JSON body of up to 32 MiB. The body of the usual size is read at once. A larger one waits for its turn
 * before it is read, and is parsed in turns with other work. It keeps its place until the response is sent.
 */
export function largeJson(types: string[]): RequestHandler {
  const ofAccount = new CallerQueues({ atOnce: 1, places: 10, busy });
  const ofServer = new BoundedQueue({ atOnce, places: 100, busy });
  const read = (limit: number) => express.raw({ limit, type: types });
  const readUsual = read(usualBytes);
  const readLarge = read(largeBytes);
  return (request, response, next) => {
    if (isUsual(request)) {
      readUsual(request, response, (error?: unknown) => next(error ?? failure(() => parseUsual(request))));
      return;
    }
    const handle = async () => {
      if (response.closed) return;
      await reading(readLarge, request, response);
      if (Buffer.isBuffer(request.body) && request.body.length <= usualBytes) {
        next(failure(() => parseUsual(request)));
        return;
      }
      next(await parseLarge(request).catch((error: unknown) => error));
      await closed(response);
    };
    const caller = request.scope ? `account:${request.scope.accountId}` : addressOf(request);
    ofAccount.run(caller, () => ofServer.run(handle)).catch(next);
  };
}

/** A compressed body may be any size, and so may a body without Content-Length. */
function isUsual(request: Request): boolean {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  return encoding === 'identity' && Number(request.headers['content-length'] ?? Number.NaN) <= usualBytes;
}

function parseUsual(request: Request): void {
  if (Buffer.isBuffer(request.body)) request.body = parseJson(decodeText(request.body));
}

async function parseLarge(request: Request): Promise<void> {
  if (!Buffer.isBuffer(request.body)) return;
  const text = await decodeLarge(request.body);
  // The bytes are not needed any more.
  request.body = undefined;
  try {
    request.body = bodyOf(await parseJsonText(text, { mostValues }));
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    throw new CallerError('invalid_input', `The body is not valid JSON. ${error.message}`, {
      code: 'malformed_json',
    });
  }
}

async function decodeLarge(body: Buffer): Promise<string> {
  try {
    return await decodeBody(body, { fatal: true });
  } catch {
    throw notUtf8();
  }
}

function reading(reader: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    reader(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
  });
}

function closed(response: Response): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve();
    else response.once('close', resolve);
  });
}

/** What `work` throws; undefined if it throws nothing. */
function failure(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
