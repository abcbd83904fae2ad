import type { z } from 'zod';

/** Calls the API as a dashboard would, and checks the responses against the documented schemas. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string | null;

  constructor(url: string, token: string | null = null) {
    this.#url = url;
    this.#token = token;
  }

  withToken(token: string): ApiClient {
    return new ApiClient(this.#url, token);
  }

  get<T>(path: string, answer: z.ZodType<T>): Promise<T> {
    return this.#call('GET', path, undefined, answer);
  }

  post<T>(path: string, body: object, answer: z.ZodType<T>): Promise<T> {
    return this.#call('POST', path, body, answer);
  }

  patch<T>(path: string, body: object, answer: z.ZodType<T>): Promise<T> {
    return this.#call('PATCH', path, body, answer);
  }

  /** Throws when the response is not a success or does not match the documented schema. */
  async #call<T>(method: string, path: string, body: object | undefined, answer: z.ZodType<T>): Promise<T> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        ...(this.#token === null ? {} : { Authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return answer.parse(JSON.parse(text));
  }
}
