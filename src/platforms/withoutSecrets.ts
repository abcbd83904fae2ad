import { RemoteError } from '../errors.ts';
import { Redaction } from '../security/redaction.ts';
import type { Connection, Credentials } from './connection.ts';
import type { ContentPart, ContentSession, Pace } from './contentPart.ts';
import type { SizeMemory } from './parts/partSize.ts';
import type { Platform } from './platform.ts';

/** The parts of an outcome that are contents. The site alone decides about its contents. */
const CONTENTS = new Set(['items', 'remote']);

/**
 * The platform with results that hold no secret of a connection. A hostile site sends secrets back in its messages,
 * codes, names and redirects, and these are stored, shown and logged.
 */
export function withoutSecrets(platform: Platform): Platform {
  const { content, readStructure } = platform;
  return {
    ...platform,
    testConnection: async (given) => {
      const { connection, redaction } = guarded(given);
      return redaction.deep(await telling(platform.testConnection(connection), redaction));
    },
    ...(readStructure === undefined
      ? {}
      : {
          readStructure: async (given) => {
            const { connection, redaction } = guarded(given);
            return redaction.deep(await telling(readStructure(connection), redaction));
          },
        }),
    ...(content === undefined ? {} : { content: guardedContent(content) }),
  };
}

function guardedContent(content: ContentPart): ContentPart {
  return {
    ...content,
    open: async (given: Connection, pace: Pace, sizes?: SizeMemory) => {
      const { connection, redaction } = guarded(given);
      return guardedSession(await telling(content.open(connection, pace, sizes), redaction), redaction);
    },
  };
}

/** The connection, and its secrets with those that the platform gets for it later. */
function guarded(given: Connection): { connection: Connection; redaction: Redaction } {
  const redaction = new Redaction();
  const { username = '', ...secrets } = given.credentials;
  redaction.add([...Object.values(secrets), ...Object.values(given.kept ?? {})], username);
  if (given.siteKey !== null) redaction.add([given.siteKey]);
  const { basic, headers = {} } = given.outer ?? {};
  if (basic !== undefined) redaction.add([basic.password], basic.username);
  // A site may repeat a part of a header alone, such as the token behind the word Bearer.
  redaction.add(Object.values(headers).flatMap((value) => [value, ...value.split(' ')]));
  const keep = async (kept: Credentials) => {
    redaction.add(Object.values(kept));
    await given.keep?.(kept);
  };
  return { connection: { ...given, keep }, redaction };
}

/** Every method of a session tells outcomes, pages of outcomes, or an error. */
function guardedSession(session: ContentSession, redaction: Redaction): ContentSession {
  return new Proxy(session, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, args);
        if (isIterable(result)) return guardedPages(result, redaction);
        return result instanceof Promise
          ? telling(result, redaction).then((told) => outcome(told, redaction))
          : redacted(result, redaction);
      };
    },
  });
}

async function* guardedPages(pages: AsyncIterable<unknown>, redaction: Redaction): AsyncGenerator {
  try {
    // A page that is a list has terms, which are contents too.
    for await (const page of pages) yield Array.isArray(page) ? page : outcome(page, redaction);
  } catch (error) {
    throw redacted(error, redaction);
  }
}

/** An outcome, or a list of outcomes, without secrets in all parts but contents. */
function outcome(told: unknown, redaction: Redaction): unknown {
  if (Array.isArray(told)) return told.map((each) => outcome(each, redaction));
  if (typeof told !== 'object' || told === null || told instanceof Map) return told;
  const entries = Object.entries(told).map(([name, value]) => [
    name,
    CONTENTS.has(name) || value === undefined ? value : redaction.deep(value),
  ]);
  return Object.fromEntries(entries);
}

function telling<T>(told: Promise<T>, redaction: Redaction): Promise<T> {
  return told.catch((error: unknown) => {
    throw redacted(error, redaction);
  });
}

/** The same error. Its class and its waits matter to those who catch it. */
function redacted(error: unknown, redaction: Redaction): unknown {
  for (let each = error; each instanceof RemoteError; each = each.cause) {
    const { message, stack, code, detail } = each;
    Object.assign(each, {
      message: redaction.of(message),
      code: redaction.of(code),
      ...(stack === undefined ? {} : { stack: redaction.of(stack) }),
      ...(detail === undefined ? {} : { detail: redaction.of(detail) }),
      ...('hint' in each && typeof each.hint === 'string' ? { hint: redaction.of(each.hint) } : {}),
    });
  }
  return error;
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
