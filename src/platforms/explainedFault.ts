import { RemoteError } from '../errors.ts';

/** What a code of the connection test means and what mends it. `{name}` is filled in. */
export interface Explanation {
  message: string;
  hint: string;
  /** May a later try succeed without anyone changing anything? */
  retryable?: boolean;
}

/** Values that a message or hint may name, such as `{canonical}` for an URL. */
export type ExplanationValues = Record<string, string>;

/** A RemoteError that also says what to do about it. */
export class ExplainedFault extends RemoteError {
  /** What to do, in plain words. */
  readonly hint: string;

  constructor(
    code: string,
    explained: Explanation,
    options: { detail?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(code, explained.message, { ...options, retryable: explained.retryable ?? false });
    this.name = 'ExplainedFault';
    this.hint = explained.hint;
  }
}

export interface FaultOptions {
  /** Picks a more exact explanation of the same code, e.g. `expired` for `tls`. Kept as the fault's detail. */
  variant?: string;
  values?: ExplanationValues;
  /** Shown with the check; the variant when absent. */
  detail?: string;
  /** How long the site asks to wait. */
  retryAfterMs?: number;
}

export interface Explanations {
  /** The fault with this code, in the words of the table. Throws Error for a code that is not in it. */
  fault(code: string, options?: FaultOptions): ExplainedFault;
  /** A RemoteError of the outbound client in the words of the table; an ExplainedFault stays as it is. */
  explained(error: RemoteError, values: ExplanationValues): ExplainedFault;
}

/**
 * Faults in the words of one platform's table, which is keyed by code, or by `code.variant` where the cause is
 * known more exactly. `fallback` fills in what a fault has no value for.
 */
export function explanationsOf(
  table: Readonly<Record<string, Explanation>>,
  fallback: ExplanationValues,
): Explanations {
  const fill = (template: string, values: ExplanationValues) =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? fallback[name] ?? '');

  const fault: Explanations['fault'] = (
    code,
    { variant, values = {}, detail = variant, retryAfterMs } = {},
  ) => {
    const found = table[`${code}.${variant}`] ?? table[code];
    if (found === undefined) throw new Error(`No explanation for the code ${code}.`);
    const words = { ...found, message: fill(found.message, values), hint: fill(found.hint, values) };
    return new ExplainedFault(code, words, {
      ...(detail === undefined ? {} : { detail }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  };

  return {
    fault,
    explained(error, values) {
      if (error instanceof ExplainedFault) return error;
      const { code, detail } = error;
      if (code === 'redirect' && detail !== undefined) {
        return fault('redirect', { values: { ...values, canonical: detail }, detail });
      }
      return fault(code, { values, ...(detail === undefined ? {} : { variant: detail }) });
    },
  };
}
