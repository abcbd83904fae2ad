/**
 * Codes which say that the database cannot serve right now:
 * - Prisma's connection errors, and its errors for transactions that were the victim of a deadlock.
 *   P2028 is not among them: it also stands for a transaction that took too long, which takes too long again.
 *   https://www.prisma.io/docs/orm/reference/error-reference
 * - PostgreSQL's classes 08, 53, 57P and 40: https://www.postgresql.org/docs/current/errcodes-appendix.html
 * - error codes of the socket.
 */
const codes =
  /^(P1001|P1002|P1008|P1017|P2024|P2034|P2037|08...|40001|40P01|53[0-4]00|57P0[1-5]|ECONNREFUSED|ECONNRESET|EPIPE|ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;
/** The first message is the P2028 of a transaction that got no connection in time. */
const messages =
  /Unable to start a transaction in the given time|Connection terminated|connection timeout|timeout exceeded when trying to connect|server closed the connection|Client has encountered a connection error/i;
const kinds = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections']);

/**
 * Whether an error means that the database could not serve and a retry may succeed. False for a wrong query.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  let depth = 0;
  for (let at: unknown = error; at !== null && typeof at === 'object' && depth < 6; depth += 1) {
    if ('code' in at && typeof at.code === 'string' && codes.test(at.code)) return true;
    if ('originalCode' in at && typeof at.originalCode === 'string' && codes.test(at.originalCode))
      return true;
    if ('kind' in at && typeof at.kind === 'string' && kinds.has(at.kind)) return true;
    if (at instanceof Error && messages.test(at.message)) return true;
    if (at instanceof AggregateError && at.errors.some(isDatabaseUnavailable)) return true;
    at = causeOf(at);
  }
  return false;
}

/** The cause of an error. For a raw query Prisma keeps the cause under `meta`. */
function causeOf(error: object): unknown {
  if ('cause' in error && error.cause !== undefined) return error.cause;
  const meta = 'meta' in error ? error.meta : null;
  return typeof meta === 'object' && meta !== null && 'driverAdapterError' in meta
    ? meta.driverAdapterError
    : null;
}
