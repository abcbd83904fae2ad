import { type ExplanationValues, fault, WordpressFault } from '../messages.ts';

/** The code of the finding that the connector cannot be used, while an application password can. */
export const OTHER_KEY = 'connector_other_key';

/**
 * Does the connector refuse us because it holds another key, or none? It may belong to another server. Then an
 * application password is as good as without the connector.
 */
export function isOtherKey(error: unknown): error is WordpressFault {
  return (
    error instanceof WordpressFault &&
    error.code === 'bad_credentials' &&
    (error.detail === 'signature' || error.detail === 'not_configured')
  );
}

/** The finding for a connector that is passed over. */
export function otherKey(values: ExplanationValues): WordpressFault {
  return fault(OTHER_KEY, { values });
}
