import express, { type Request, type RequestHandler, type Response } from 'express';
import { CallerError } from '../errors.ts';
import { decodeBody, parseJsonText } from '../outbound/json.ts';
import { MalformedJson } from '../outbound/jsonReader.ts';
import { BoundedQueue } from '../security/boundedQueue.ts';
import { addressOf, CallerQueues } from './limits/callerQueues.ts';
import { bodyOf, decodeText, notUtf8, parseJson } from './rawBody.ts';
import { SlowSender, sent } from './slowCallers.ts';

/** The largest body of most routes. Bytes. */
export const usualBytes = 1024 * 1024;
/** The largest body of a route for whole contents: as much as a site may answer. Bytes. */
const largeBytes = 32 * 1024 * 1024;
/**
 * How many values besides their texts a body may have, as many as fit into a body of the usual size. Each takes
 * more memory than its characters.
 */
const mostValues = usualBytes / 2;

/** A parsed body takes up to ten times its size, so few are handled at once, and one of each account. */
const handledAtOnce = 2;
/** A body that is received takes its size, at most 32 MiB. */
const receivedAtOnce = 2;
const busy = 'Too many large bodies are being handled right now. Try again in 2 s.';

/**
 * Reads a JSON body of up to 32 MiB. The body of the usual size is read at once. A larger one waits for two turns:
 * to be received, and to be parsed in turns with other work and handled until the response is sent. A caller
 * who sends slowly has only a turn of the first kind, and loses it when others wait for it (408).
 */
export function largeJson(types: string[]): RequestHandler {
  const ofAccount = new CallerQueues({ atOnce: 1, places: 10, busy });
  const receiving = new BoundedQueue({ atOnce: receivedAtOnce, places: 100, busy });
  const handling = new BoundedQueue({ atOnce: handledAtOnce, places: 100, busy });
  const read = (limit: number) => express.raw({ limit, type: types });
  const readUsual = read(usualBytes);
  const readLarge = read(largeBytes);
  return (request, response, next) => {
    if (isUsual(request)) {
      readUsual(request, response, (error?: unknown) => next(error ?? failure(() => parseUsual(request))));
      return;
    }
    const caller = request.scope ? `account:${request.scope.accountId}` : addressOf(request);
    const handle = async () => {
      if (response.closed) return;
      if (Buffer.isBuffer(request.body) && request.body.length <= usualBytes) {
        next(failure(() => parseUsual(request)));
        return;
      }
      next(await parseLarge(request).catch((error: unknown) => error));
      await sent(response, () => ofAccount.isAwaited(caller) || handling.isAwaited);
    };
    const receive = async () => {
      if (response.closed) return null;
      const isInTheWay = () => !handling.isFull && (ofAccount.isAwaited(caller) || receiving.isAwaited);
      const slow = new SlowSender(request, isInTheWay);
      await Promise.race([reading(readLarge, request, response), slow.refused]).finally(() => slow.end());
      // The received body keeps its place until the turn of the next kind.
      const turn = Promise.withResolvers<void>();
      const handled = handling.run(() => {
        turn.resolve();
        return handle();
      });
      handled.catch(turn.reject);
      await turn.promise;
      return { handled };
    };
    ofAccount.run(caller, async () => (await receiving.run(receive))?.handled).catch(next);
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

/** What `work` throws; undefined if it throws nothing. */
function failure(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
