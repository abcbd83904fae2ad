import { RemoteError } from '../errors.ts';
import { NotFollowed } from '../outbound/redirects.ts';
import { loginPageOf } from './outer/loginPage.ts';

/** What a fault code means and how to fix the fault. Placeholders such as `{name}` are filled in. */
interface Explanation {
  message: string;
  hint: string;
  /** Can a later try succeed without anyone changing anything? */
  retryable?: boolean;
}

/** Explanations by code, or by `code.variant` if the cause is known more exactly. */
export type Explanations = Readonly<Record<string, Explanation>>;

/** Values for the placeholders of a message or hint. `{canonical}` stands for a URL. */
export type ExplanationValues = Record<string, string>;

/** A RemoteError with a hint on how to fix it. */
export class ExplainedFault extends RemoteError {
  /** How to fix the fault, in plain words. */
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
  /**
   * Selects a more exact explanation of the same code, e.g. `expired` for `tls`. Stored as the fault's
   * detail.
   */
  variant?: string;
  values?: ExplanationValues;
  /** Shown with the check; the variant by default. */
  detail?: string;
  /** How long the site asks to wait, in milliseconds. */
  retryAfterMs?: number | undefined;
}

/** Creates the faults of one platform with that platform's messages and hints. */
export class Faults {
  readonly #explanations: Explanations;
  readonly #fallbacks: ExplanationValues;

  /** `fallbacks` are used for placeholders that the caller gives no value for. */
  constructor(explanations: Explanations, fallbacks: ExplanationValues) {
    this.#explanations = explanations;
    this.#fallbacks = fallbacks;
  }

  /** The fault with this code and its message and hint from the table. */
  readonly fault = (code: string, options: FaultOptions = {}): ExplainedFault => {
    const detail = options.detail ?? options.variant;
    return new ExplainedFault(code, this.#explain(code, options.variant, options.values ?? {}), {
      ...(detail === undefined ? {} : { detail }),
      retryAfterMs: options.retryAfterMs,
    });
  };

  /**
   * Gives a RemoteError of the outbound client its message and hint from the table. Returns an ExplainedFault
   * as it is.
   */
  readonly explained = (error: RemoteError, values: ExplanationValues): ExplainedFault => {
    if (error instanceof ExplainedFault) return error;
    // The fault concerns this server, not the site. Only its own message names the cause.
    if (error.code === 'server_paused') {
      return new ExplainedFault(error.code, {
        ...this.#explain(error.code, undefined, values),
        message: error.message,
      });
    }
    const { detail } = error;
    if (error instanceof NotFollowed && 'outer_login' in this.#explanations) {
      const told = this.#guardOf(error, values);
      if (told !== null) return told;
    }
    if (error.code === 'redirect' && detail !== undefined) {
      return this.fault('redirect', { values: { ...values, canonical: detail }, detail });
    }
    return this.fault(error.code, { values, ...(detail === undefined ? {} : { variant: detail }) });
  };

  /** The fault of a redirect that a guard before the site sends; null for a redirect of the site itself. */
  #guardOf({ redirect, toItself }: NotFollowed, values: ExplanationValues): ExplainedFault | null {
    if (toItself) return this.fault('bot_challenge', { variant: 'cookie_wall', values });
    const login = loginPageOf(redirect);
    if (login === null) return null;
    const { product: variant, host } = login;
    return this.fault('outer_login', { variant, values: { ...values, host }, detail: host });
  }

  #explain(code: string, variant: string | undefined, values: ExplanationValues): Explanation {
    const found = this.#explanations[`${code}.${variant}`] ?? this.#explanations[code];
    if (found === undefined) throw new Error(`No explanation for the code ${code}.`);
    const fill = (template: string) =>
      template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? this.#fallbacks[name] ?? '');
    return { ...found, message: fill(found.message), hint: fill(found.hint) };
  }
}
