import { RemoteError } from '../../errors.ts';
import { EXPLANATIONS, type Explanation } from './explanations.ts';

/** Values that a message or hint may name; `{path}` stands for the connector's path, `{canonical}` for an URL. */
export type ExplanationValues = Record<string, string>;

/** A RemoteError that also says what to do about it. */
export class WordpressFault extends RemoteError {
  /** What to do, in plain words. */
  readonly hint: string;

  constructor(
    code: string,
    explained: Explanation,
    options: { detail?: string; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(code, explained.message, { ...options, retryable: explained.retryable ?? false });
    this.name = 'WordpressFault';
    this.hint = explained.hint;
  }
}

export interface FaultOptions {
  /** Picks a more exact explanation of the same code, e.g. `expired` for `tls`. Kept as the fault's detail. */
  variant?: string;
  values?: ExplanationValues;
  /** Shown with the check; the variant when absent. */
  detail?: string;
}

/** The fault with this code, in the words of the table. */
export function fault(code: string, options: FaultOptions = {}): WordpressFault {
  const detail = options.detail ?? options.variant;
  return new WordpressFault(code, explain(code, options.variant, options.values ?? {}), {
    ...(detail === undefined ? {} : { detail }),
  });
}

/** A RemoteError of the outbound client in the words of the table; a WordpressFault stays as it is. */
export function explained(error: RemoteError, values: ExplanationValues): WordpressFault {
  if (error instanceof WordpressFault) return error;
  if (error.code === 'redirect' && error.detail !== undefined) {
    return fault('redirect', { values: { ...values, canonical: error.detail }, detail: error.detail });
  }
  return fault(error.code, { values, ...(error.detail === undefined ? {} : { variant: error.detail }) });
}

function explain(code: string, variant: string | undefined, values: ExplanationValues): Explanation {
  const found = EXPLANATIONS[`${code}.${variant}`] ?? EXPLANATIONS[code];
  if (found === undefined) throw new Error(`No explanation for the code ${code}.`);
  return { ...found, message: fill(found.message, values), hint: fill(found.hint, values) };
}

function fill(template: string, values: ExplanationValues): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? FALLBACK_VALUES[name] ?? '');
}

const FALLBACK_VALUES: ExplanationValues = {
  path: '/wp-json/sitebridge/v1/',
  canonical: 'the address that the site redirects to',
};
