/** One HTTP response of the simulation, before it is written. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** A JSON response with the headers of WordPress. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  };
}

/** A WP_Error in the form of a REST response. */
export function restError(
  code: string,
  status: number,
  message: string,
  data: Record<string, unknown> = {},
): Answer {
  return json({ code, message, data: { status, ...data } }, status);
}

export function html(body: string, status = 200, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'Content-Type': 'text/html; charset=UTF-8', ...headers }, body };
}
