import { RemoteError } from '../errors.ts';
import type { OutboundResponse } from '../outbound/httpClient.ts';
import type { ExplainedFault } from './explainedFault.ts';
import type { ConnectionTestCheck } from './platform.ts';

/** The checks of one connection test in the order in which they ran, each with its duration. */
export class CheckList {
  readonly checks: ConnectionTestCheck[] = [];
  /** The name of the check that ran last. */
  stage = 'address';
  /** What the connection cannot do although it works, such as writing; null if it can do all. */
  limit: ExplainedFault | null = null;

  /** Records a check that passed. `note` is a finding that is not a failure. */
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

  /**
   * Records the connection steps of an answered request as the checks `dns`, `connect` and `http`. `note` is
   * a finding about the answer.
   */
  reached({ connect, ms }: Pick<OutboundResponse, 'connect' | 'ms'>, note: RemoteError | null = null): void {
    const connecting = (connect.dns_ms ?? 0) + (connect.tcp_ms ?? 0) + (connect.tls_ms ?? 0);
    this.passed('dns', connect.dns_ms ?? 0);
    this.passed('connect', (connect.tcp_ms ?? 0) + (connect.tls_ms ?? 0));
    this.passed('http', Math.max(0, ms - connecting), note);
  }

  /** Sends a test's first request and records how far it got. Throws what `send` throws. */
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

  /** Records how far a request got that failed with `fault`, without an answer, after `ms`. */
  notReached(fault: RemoteError, ms: number): void {
    const failed = stageOf(fault);
    for (const name of ['dns', 'connect', 'http']) {
      if (name === failed) break;
      this.passed(name, 0);
    }
    this.failed(failed, ms, fault);
  }

  /**
   * Runs one check. `work` returns the check's value, with an optional note or detail. Throws what `work`
   * throws.
   */
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

  /**
   * Runs a check that limits the connection if it fails, but does not end the test. `work` returns the fault, or null.
   * Throws what `work` throws.
   */
  async runLimiting(name: string, work: () => Promise<ExplainedFault | null>): Promise<void> {
    const started = performance.now();
    this.stage = name;
    try {
      const limit = await work();
      if (limit === null) return this.passed(name, performance.now() - started);
      this.limit ??= limit;
      this.failed(name, performance.now() - started, limit);
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
  // A paused server does not even start the request.
  if (error.code === 'server_paused') return 'dns';
  if (error.code === 'dns' || error.code === 'private_address' || error.detail === 'dns') return 'dns';
  if (error.code === 'tls' || error.detail === 'connect') return 'connect';
  const made = error.detail === 'reset' || error.detail === 'not_http';
  return error.code === 'unreachable' && !made ? 'connect' : 'http';
}
