import type { AxiosResponse } from 'axios';

/** The values of the header Set-Cookie, which cannot be joined (RFC 9110, 5.3). */
export function setCookiesOf(headers: AxiosResponse['headers']): string[] {
  const values: unknown = headers['set-cookie'];
  return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
}

/** The headers with names in lower case. The values of a repeated header are joined by `, `. */
export function plainHeaders(headers: AxiosResponse['headers']): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== null) {
      plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value);
    }
  }
  return plain;
}
