import type { Duplex } from 'node:stream';

/** How far a socket has come, in milliseconds since it was begun; a phase that has not ended is absent. */
export interface ConnectionTrace {
  begun: number;
  resolvedAfter?: number;
  connectedAfter?: number;
  securedAfter?: number;
  /** Was the trace handed out with a response already? Then the socket is being used again. */
  reported: boolean;
}

/** How long a response's connection took to make. Null phases: a kept socket was used again, or none was needed. */
export interface ConnectTimes {
  dns_ms: number | null;
  tcp_ms: number | null;
  tls_ms: number | null;
}

/** Records a new socket's phases and gives it back. */
export function traceSocket(socket: Duplex, traces: WeakMap<Duplex, ConnectionTrace>): Duplex {
  const trace: ConnectionTrace = { begun: performance.now(), reported: false };
  traces.set(socket, trace);
  const sinceBegun = () => performance.now() - trace.begun;
  socket.once('lookup', () => {
    trace.resolvedAfter = sinceBegun();
  });
  socket.once('connect', () => {
    trace.connectedAfter = sinceBegun();
  });
  socket.once('secureConnect', () => {
    trace.securedAfter = sinceBegun();
  });
  return socket;
}

/** The times of a response's own connection, once; null phases when the socket had served before. */
export function takeConnectTimes(trace: ConnectionTrace | undefined): ConnectTimes {
  if (trace === undefined || trace.reported) return { dns_ms: null, tcp_ms: null, tls_ms: null };
  trace.reported = true;
  const resolved = trace.resolvedAfter ?? 0;
  const connected = trace.connectedAfter ?? resolved;
  return {
    dns_ms: Math.round(resolved),
    tcp_ms: Math.round(connected - resolved),
    tls_ms: trace.securedAfter === undefined ? null : Math.round(trace.securedAfter - connected),
  };
}

type ConnectionPhase = 'dns' | 'connect' | 'response';

/** What a connection is waiting for. */
export function phaseOf(trace: ConnectionTrace | undefined, secure: boolean): ConnectionPhase {
  if (trace === undefined) return 'response';
  if (trace.connectedAfter === undefined) return trace.resolvedAfter === undefined ? 'dns' : 'connect';
  return secure && trace.securedAfter === undefined ? 'connect' : 'response';
}
