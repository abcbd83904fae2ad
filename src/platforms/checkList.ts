import { RemoteError } from '../errors.ts';
import type { OutboundResponse } from '../outbound/httpClient.ts';
import type { ConnectionTestCheck } from './platform.ts';

/** The checks of one test as they are made, each with its time. */
export class CheckList {
  readonly checks: ConnectionTestCheck[] = [];
  /** The check that was reached last. */
  stage = 'address';

  /** Notes a check that passed. `note` is something to tell that is no failure. */
  passed(name: string, ms: number, note: RemoteError | null = null, detail?: string): void {
    this.stage = name;
    const told = detail ?? note?.message;
    this.checks.push({
      name,
      ok: true,
      ms: Math.round(ms),
      ...(note === null ? {} : { code: note.code }),
      ...(told === undefined ? {} : { detail: told }),
    });
  }

  failed(name: string, ms: number, fault: RemoteError): void {
    this.stage = name;
    this.checks.push({
      name,
      ok: false,
      ms: Math.round(ms),
      code: fault.code,
      ...(fault.detail === undefined ? {} : { detail: fault.detail }),
    });
  }

  /** Notes from an answer how the way to the site was: `dns`, `connect`, `http`. `note` concerns the answer. */
  reached({ connect, ms }: Pick<OutboundResponse, 'connect' | 'ms'>, note: RemoteError | null = null): void {
    const connecting = (connect.dns_ms ?? 0) + (connect.tcp_ms ?? 0) + (connect.tls_ms ?? 0);
    this.passed('dns', connect.dns_ms ?? 0);
    this.passed('connect', (connect.tcp_ms ?? 0) + (connect.tls_ms ?? 0));
    this.passed('http', Math.max(0, ms - connecting), note);
  }

  /** Sends a test's first request and notes how far it came. Throws what `send` throws. */
  async reach(send: () => Promise<OutboundResponse>): Promise<OutboundResponse> {
    const started = performance.now();
    try {
      const response = await send();
      this.reached(response);
      return response;
    } catch (error) {
      if (error instanceof RemoteError) this.notReached(error, performance.now() - started);
      throw error;
    }
  }

  /** Notes from a request that got no answer, within `ms`, how far it came. */
  notReached(fault: RemoteError, ms: number): void {
    const failed = stageOf(fault);
    for (const name of ['dns', 'connect', 'http']) {
      if (name === failed) break;
      this.passed(name, 0);
    }
    this.failed(failed, ms, fault);
  }

  /** Runs one check. `work` returns what the check yields and what it has to tell. Throws what `work` throws. */
  async run<T>(name: string, work: () => Promise<Checked<T>>): Promise<T> {
    const started = performance.now();
    this.stage = name;
    try {
      const { value, note = null, detail } = await work();
      this.passed(name, performance.now() - started, note, detail);
      return value;
    } catch (error) {
      if (error instanceof RemoteError) this.failed(name, performance.now() - started, error);
      throw error;
    }
  }
}

export interface Checked<T> {
  value: T;
  note?: RemoteError | null;
  detail?: string;
}

function stageOf(error: RemoteError): 'dns' | 'connect' | 'http' {
  // Nothing was even tried where this server is paused.
  if (error.code === 'server_paused') return 'dns';
  if (error.code === 'dns' || error.code === 'private_address' || error.detail === 'dns') return 'dns';
  if (error.code === 'tls' || error.detail === 'connect') return 'connect';
  const made = error.detail === 'reset' || error.detail === 'not_http';
  return error.code === 'unreachable' && !made ? 'connect' : 'http';
}
