/** What the load sent during each fault, and what became of it. */
export interface Period {
  name: string;
  sent: number;
  acknowledged: number;
  /** Answers 503 and 429. */
  refused: number;
  /** Calls without an answer: the connection failed, or the answer did not come in time. */
  unanswered: number;
  /** Acknowledged changes that had no effect. */
  lost: number;
  /** Changes that took effect twice. */
  doubled: number;
  /** From the end of the fault until all works again; null for a period without a fault. */
  recoveryS: number | null;
}

/** Counts the calls of the load for each period, and collects the answers that no fault explains. */
export class Ledger {
  readonly periods: Period[] = [];
  readonly unexpected: string[] = [];

  constructor() {
    this.begin('before the faults');
  }

  get current(): Period {
    const period = this.periods.at(-1);
    if (period === undefined) throw new Error('no period');
    return period;
  }

  begin(name: string): Period {
    const zero = { sent: 0, acknowledged: 0, refused: 0, unanswered: 0, lost: 0, doubled: 0 };
    const period = { name, ...zero, recoveryS: null };
    this.periods.push(period);
    return period;
  }

  /** Counts a call. `status` is null when no answer came. */
  count(period: Period, call: string, status: number | null, body: unknown): void {
    period.sent += 1;
    if (status === null) period.unanswered += 1;
    else if (status >= 200 && status < 300) period.acknowledged += 1;
    else {
      period.refused += 1;
      if (status !== 503 && status !== 429)
        this.unexpected.push(`${period.name}: ${call} got ${status} ${JSON.stringify(body)}`);
    }
  }
}

/** The table of all periods, as text. */
export function table(periods: readonly Period[]): string {
  const head = ['fault', 'sent', 'acknowledged', 'refused', 'no answer', 'lost', 'doubled', 'recovery s'];
  const rows = periods.map((period) => [
    period.name,
    ...[period.sent, period.acknowledged, period.refused, period.unanswered, period.lost, period.doubled].map(
      String,
    ),
    period.recoveryS === null ? '-' : period.recoveryS.toFixed(1),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return [head, ...rows].map(line).join('\n');
}
