import { RemoteError } from '../errors.ts';

/** What a code of the connection test means and what mends it. `{name}` is filled in. */
interface Explanation {
  message: string;
  hint: string;
  /** May a later try succeed without anyone changing anything? */
  retryable?: boolean;
}

/** By code, or by `code.variant` where the cause is known more exactly. */
export type Explanations = Readonly<Record<string, Explanation>>;

/** Values that a message or hint may name; `{canonical}` stands for an URL. */
export type ExplanationValues = Record<string, string>;

/** A RemoteError that also says what to do about it. */
export class ExplainedFault extends RemoteError {
  /** What to do, in plain words. */
  readonly hint: string;

  constructor(
    code: string,
    explained: Explanation,
    options: { detail?: string; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(code, explained.message, { ...options, retryable: explained.retryable ?? false });
    this.name = 'ExplainedFault';
    this.hint = explained.hint;
  }
}

interface FaultOptions {
  /** Picks a more exact explanation of the same code, e.g. `expired` for `tls`. Kept as the fault's detail. */
  variant?: string;
  values?: ExplanationValues;
  /** Shown with the check; the variant when absent. */
  detail?: string;
  /** How long the site asks to wait. */
  retryAfterMs?: number | undefined;
}

/** The faults of one platform, in its own words. */
export class Faults {
  readonly #explanations: Explanations;
  readonly #fallbacks: ExplanationValues;

  /** `fallbacks` stand where a fault is made without one of the values that its explanation names. */
  constructor(explanations: Explanations, fallbacks: ExplanationValues) {
    this.#explanations = explanations;
    this.#fallbacks = fallbacks;
  }

  /** The fault with this code, in the words of the table. */
  readonly fault = (code: string, options: FaultOptions = {}): ExplainedFault => {
    const detail = options.detail ?? options.variant;
    return new ExplainedFault(code, this.#explain(code, options.variant, options.values ?? {}), {
      ...(detail === undefined ? {} : { detail }),
      retryAfterMs: options.retryAfterMs,
    });
  };

  /** A RemoteError of the outbound client in the words of the table; an ExplainedFault stays as it is. */
  readonly explained = (error: RemoteError, values: ExplanationValues): ExplainedFault => {
    if (error instanceof ExplainedFault) return error;
    // Said of this server and not of the other side: its own words name what is the matter.
    if (error.code === 'server_paused') {
      return new ExplainedFault(error.code, {
        ...this.#explain(error.code, undefined, values),
        message: error.message,
      });
    }
    const { detail } = error;
    if (error.code === 'redirect' && detail !== undefined) {
      return this.fault('redirect', { values: { ...values, canonical: detail }, detail });
    }
    return this.fault(error.code, { values, ...(detail === undefined ? {} : { variant: detail }) });
  };

  #explain(code: string, variant: string | undefined, values: ExplanationValues): Explanation {
    const found = this.#explanations[`${code}.${variant}`] ?? this.#explanations[code];
    if (found === undefined) throw new Error(`No explanation for the code ${code}.`);
    const fill = (template: string) =>
      template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? this.#fallbacks[name] ?? '');
    return { ...found, message: fill(found.message), hint: fill(found.hint) };
  }
}
