import { RemoteError } from '../../errors.ts';
import type { ConnectionTestCheck } from '../platform.ts';
import type { WordpressFault } from './messages.ts';

/** The checks of one test as they are made, each with its time. */
export class CheckList {
  readonly checks: ConnectionTestCheck[] = [];
  /** The check that was reached last. */
  stage = 'address';

  /** Notes a check that passed. `note` is something to tell that is no failure. */
  passed(name: string, ms: number, note: WordpressFault | null = null, detail?: string): void {
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
  note?: WordpressFault | null;
  detail?: string;
}
