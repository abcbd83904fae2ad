import type { Ledger, Period } from './ledger.ts';

/** A caller gives up after this time, as senders of webhooks do. Milliseconds. */
const patienceMs = 4_000;

/** An answer of the server. Without an answer, `status` is null. */
export interface CallAnswer {
  status: number | null;
  body: Record<string, unknown>;
  /** When the call was made. */
  period: Period;
}

/** Calls one of the API processes after the other, and counts every call. */
export class Caller {
  readonly #urls: readonly string[];
  readonly #ledger: Ledger;
  #next = 0;

  constructor(urls: readonly string[], ledger: Ledger) {
    this.#urls = urls;
    this.#ledger = ledger;
  }

  async call(
    method: string,
    path: string,
    { headers = {}, text }: { headers?: Record<string, string>; text?: string } = {},
  ): Promise<CallAnswer> {
    const period = this.#ledger.current;
    this.#next += 1;
    const url = `${this.#urls[this.#next % this.#urls.length]}${path}`;
    const { status, body } = await answerOf(url, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
    this.#ledger.count(period, `${method} ${path}`, status, body);
    return { status, body, period };
  }
}

/** The answer. An answer of which only a part came counts as none. */
async function answerOf(url: string, init: RequestInit): Promise<Omit<CallAnswer, 'period'>> {
  try {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(patienceMs) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  } catch {
    return { status: null, body: {} };
  }
}
