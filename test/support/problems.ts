import { expect } from '@jest/globals';

/** The parts of a response that tests check. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

/** Checks that a response is a problem of RFC 9457 in exactly the contract's form. */
export function expectProblem(
  answer: Answer,
  status: number,
  expected: { code?: string; fields?: string[] } = {},
): void {
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: {
      type: 'about:blank',
      title: expect.any(String),
      status,
      code: expected.code ?? expect.any(String),
      detail: expect.any(String),
      request_id: answer.headers['x-request-id'],
      ...(expected.fields === undefined && answer.body.errors === undefined
        ? {}
        : { errors: expect.any(Array) }),
    },
  });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  if (expected.fields) expect(fieldsOf(answer)).toEqual([...expected.fields].sort());
}

/** The names of the fields that a 400 names as wrong. */
export function fieldsOf(answer: Answer): string[] {
  const { errors } = answer.body;
  if (!Array.isArray(errors)) return [];
  return errors
    .map((error: { field: string; code: string; message: string }) => {
      expect(error).toEqual({
        field: expect.any(String),
        code: expect.any(String),
        message: expect.any(String),
      });
      return error.field;
    })
    .sort();
}

/** A problem's body without the fields that differ from call to call. */
export function withoutRequestId(body: Record<string, unknown>): Record<string, unknown> {
  const { request_id, ...rest } = body;
  expect(request_id).toEqual(expect.any(String));
  return rest;
}
