import type { Answer } from '../answer.ts';

/** The response of a REST route, before `_fields` is applied and before it is written as JSON. */
export interface RestAnswer {
  status: number;
  headers: Record<string, string>;
  value: unknown;
}

export function reply(value: unknown, status = 200, headers: Record<string, string> = {}): RestAnswer {
  return { status, headers, value };
}

/** A WP_Error. When thrown, it becomes the response to the request. */
export class WpError extends Error {
  readonly answer: RestAnswer;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(code: string, status: number, message: string, data: Record<string, unknown> = {}) {
    super(message);
    this.data = data;
    // The connector shows these two beside the code too.
    const beside = 'seen' in data ? { key: data.key, seen: data.seen } : {};
    this.answer = reply({ code, message, data: { status, ...data }, ...beside }, status);
  }
}

export function noRoute(): WpError {
  return new WpError('rest_no_route', 404, 'No route was found matching the URL and request method.');
}

export function written({ status, headers, value }: RestAnswer): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  };
}
