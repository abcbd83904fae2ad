import { eventually } from '../support/eventually.ts';

/** The 2 s within which `/readyz` answers, the 1 s for which it uses a report again, and the way to here. */
const graceMs = 3_500;
const everyMs = 200;
const patienceMs = 10_000;

interface Sample {
  url: string;
  from: number;
  to: number;
  /** Null without an answer. */
  status: number | null;
}

/** A time in which PostgreSQL could not serve. */
interface Outage {
  name: string;
  from: number;
  to: number;
}

/** Asks every API process for its readiness all the time, and compares the answers with the truth. */
export class ReadinessWatch {
  readonly samples: Sample[] = [];
  readonly outages: Outage[] = [];
  readonly #urls: readonly string[];
  readonly #timer: NodeJS.Timeout;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
    this.#timer = setInterval(() => {
      for (const url of urls) void this.#sample(url);
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Waits until every process was asked `count` times in a time that began at `from`, after the grace. */
  async seen(from: number, count: number): Promise<void> {
    await eventually(() => {
      for (const url of this.#urls) {
        const seen = this.#between(url, from + graceMs, Date.now()).length;
        if (seen < count) throw new Error(`${url} was asked ${seen} times.`);
      }
    });
  }

  /** Keeps PostgreSQL broken until the readiness was looked at often enough, and remembers that time. */
  async outage(name: string): Promise<void> {
    const from = Date.now();
    await this.seen(from, 10);
    this.outages.push({ name, from, to: Date.now() });
  }

  /** The answers that were not 503 although PostgreSQL could not serve. */
  lies(): string[] {
    return this.outages.flatMap(({ name, from, to }) =>
      this.#urls.flatMap((url) =>
        this.#between(url, from + graceMs, to)
          .filter(({ status }) => status !== 503)
          .map(({ status, from: at }) => `${name}: ${url} answered ${status} after ${at - from} ms`),
      ),
    );
  }

  /** The answers of all processes in a time, after the grace. */
  statusesSince(from: number): (number | null)[] {
    return this.#urls.flatMap((url) =>
      this.#between(url, from + graceMs, Date.now()).map(({ status }) => status),
    );
  }

  #between(of: string, from: number, to: number): Sample[] {
    return this.samples.filter((sample) => sample.url === of && sample.from >= from && sample.to <= to);
  }

  async #sample(url: string): Promise<void> {
    const from = Date.now();
    const status = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(patienceMs) }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      () => null,
    );
    this.samples.push({ url, from, to: Date.now(), status });
  }
}
