/** What an outbound way told about an address. */
import type { Test } from 'supertest';

export interface Outcome {
  /** The fields that a 400 names; empty when the input was accepted. */
  fields: string[];
  /** The code of the test or problem; null when only a text is told. */
  code: string | null;
  /** Everything that was told. */
  told: string;
  passed: boolean;
}

/** Reads a problem, a test result, a run or an answer of a pull. */
export async function outcomeOf(call: Test): Promise<Outcome> {
  const { status, body } = await call;
  const fields = Array.isArray(body.errors) ? body.errors.map(({ field }: { field: string }) => field) : [];
  const error = body.error;
  const code = body.code ?? (typeof error === 'object' && error !== null ? error.code : null) ?? null;
  const isRun = 'totals' in body;
  // A test that passes may name what the connection cannot do, such as `writes_blocked`.
  const isWhole = isRun ? body.status === 'success' : body.success !== false && (body.code ?? 'ok') === 'ok';
  const passed = status < 300 && isWhole;
  return { fields, code, told: JSON.stringify({ status, ...body }), passed };
}

/** The outcome of the first call if it was refused, else that of the second. */
export async function storedThen(store: Test, use: () => Promise<Outcome>): Promise<Outcome> {
  const stored = await outcomeOf(store);
  return stored.passed ? use() : stored;
}
