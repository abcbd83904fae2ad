import type { SignatureVersion } from '../../../security/requestSignature.ts';
import { WordpressFault } from '../messages.ts';
import { type ApiError, isShutOut } from './siteClient.ts';

type Outcome<T> = { answer: T; fault: null } | { answer: null; fault: WordpressFault };

/**
 * Which signature the connector of a site understands. It is `v2` until an answer of the connector shows that it
 * knows `v1` alone, as connectors before 0.6.0 do.
 */
export class KnownSignatures {
  version: SignatureVersion = 'v2';
  /** Has the connector answered yet? */
  #isKnown = false;

  /**
   * Sends a signed request. Sends it again if its refusal shows that the connector understands another signature
   * than that of the request, or may hide that. A refused request was not carried out.
   */
  async agree<T extends { error: ApiError | null }>(send: () => Promise<T>): Promise<T> {
    const first = await outcomeOf(send);
    const error = first.answer?.error;
    if (error === null) this.#isKnown = true;
    if (error?.code === 'sitebridge_bad_signature' && this.hear(error.data.signatures)) return send();
    if (this.#isKnown || !isHidden(first)) return answerOf(first);
    // A plugin for "signed-in users only" puts its refusal in the place of the connector's.
    const before = this.version;
    this.version = before === 'v2' ? 'v1' : 'v2';
    const second = await outcomeOf(send);
    if (!isHidden(second)) {
      this.#isKnown = true;
      return answerOf(second);
    }
    this.version = before;
    return answerOf(first);
  }

  /**
   * Reads the signatures that the connector names in a ping or a refusal. Returns whether requests are now signed
   * in another way.
   */
  hear(signatures: unknown): boolean {
    const before = this.version;
    this.version = Array.isArray(signatures) && signatures.includes('v2') ? 'v2' : 'v1';
    this.#isKnown = true;
    return this.version !== before;
  }
}

/** The page to log in, and the status 500 of wp_die(), in the place of an answer. */
const MAY_HIDE = new Set(['rest_disabled', 'site_failed']);

async function outcomeOf<T>(send: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { answer: await send(), fault: null };
  } catch (error) {
    if (error instanceof WordpressFault && MAY_HIDE.has(error.code)) return { answer: null, fault: error };
    throw error;
  }
}

function answerOf<T>({ answer, fault }: Outcome<T>): T {
  if (fault !== null) throw fault;
  return answer;
}

/** Is the request refused by something else than the connector, as requests without a sign-in are? */
function isHidden({ answer, fault }: Outcome<{ error: ApiError | null }>): boolean {
  if (fault !== null) return true;
  const { error } = answer;
  return error !== null && isShutOut(error) && !error.code.startsWith('sitebridge_');
}
