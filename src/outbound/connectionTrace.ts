import type { Duplex } from 'node:stream';

/**
 * When the phases of a socket ended, in milliseconds since its start. A phase that has not ended is absent.
 */
export interface ConnectionTrace {
  begun: number;
  resolvedAfter?: number;
  connectedAfter?: number;
  securedAfter?: number;
  /** Whether a response was returned with this trace already. If so, the socket is reused. */
  reported: boolean;
}

/** Durations of a connection's phases. Null when the socket was reused or the phase was not needed. */
export interface ConnectTimes {
  dns_ms: number | null;
  tcp_ms: number | null;
  tls_ms: number | null;
}

/** Records the phases of a new socket and returns the socket. */
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

/** Returns the connection's times for its first response. For later responses all phases are null. */
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

/** The phase that a connection is waiting for. */
export function phaseOf(trace: ConnectionTrace | undefined, secure: boolean): ConnectionPhase {
  if (trace === undefined) return 'response';
  if (trace.connectedAfter === undefined) return trace.resolvedAfter === undefined ? 'dns' : 'connect';
  return secure && trace.securedAfter === undefined ? 'connect' : 'response';
}
