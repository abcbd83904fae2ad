import { WordpressFault } from '../messages.ts';

/** For `catch`: null for a caller who is sent to the page to log in, and so is refused. Throws any other error. */
export function shutOut(error: unknown): null {
  if (error instanceof WordpressFault && error.code === 'rest_disabled') return null;
  throw error;
}
