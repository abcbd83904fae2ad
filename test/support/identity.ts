/** The server, keys and operations in tests of a platform, the same in each run. */

import { expect } from '@jest/globals';
import { uuid } from './uuid.ts';

export const SERVER_ID = '5f0e8c1a-3b7d-4f5e-9a61-2c8d7e4b9f10';

/** The key of the content with this number. */
export function contentKey(contentId: number): string {
  return `${contentId.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
}

/** The id of an operation, derived from its name. */
export function operationId(name: string | number): string {
  const digits = Buffer.from(String(name)).toString('hex').slice(-12).padStart(12, '0');
  return `019a0000-0000-7000-8000-${digits}`;
}

/** Matches any key, as a response shows it. */
export const aKey = expect.stringMatching(uuid);
