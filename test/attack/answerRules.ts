/** What every response must be, whatever was sent: declared in the served document, and never a fault of the server. */
import { z } from 'zod';
import { pathsOf, type Route } from '../../src/http/route.ts';
import type { RawAnswer } from './rawRequest.ts';
import type { Definitions, Schema } from './schemaArbitrary.ts';

interface MediaTypes {
  content?: Record<string, { schema: Schema }>;
}

/** The served document, as far as requests and responses are read here. */
export interface Document {
  paths: Record<
    string,
    Record<
      string,
      {
        parameters?: { name: string; in: string; schema: Schema }[];
        requestBody?: MediaTypes;
        responses: Record<string, MediaTypes>;
      }
    >
  >;
  components: { schemas: Definitions };
}

/** Judges responses by the document. */
export class AnswerRules {
  readonly #document: Document;
  readonly #places: { method: string; pattern: RegExp; path: string }[];
  readonly #schemas = new Map<string, z.ZodType>();

  /** The spellings of the paths come from the routes. Everything else comes from the document. */
  constructor(document: Document, routes: Route[]) {
    this.#document = document;
    this.#places = routes.flatMap((route) =>
      pathsOf(route).map((path) => ({
        method: route.method,
        pattern: new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}/?$`, 'i'),
        path: route.path.replace(/:(\w+)/g, '{$1}'),
      })),
    );
  }

  /** What is wrong with the response to a request; null if it is as it must be. */
  fault(method: string, target: string, answer: RawAnswer): string | null {
    const { status, headers, body } = answer;
    if (status >= 500 && status !== 501) return `a ${status}`;
    if (method === 'OPTIONS' && status === 204) return headers.allow === undefined ? 'no Allow' : null;
    if (headers['x-request-id'] === undefined) return 'no request id';
    const declared = this.#responsesAt(method, target)[status];
    if (status < 400 && declared === undefined) return 'a success that is not declared';
    if (method === 'HEAD') return body.length === 0 || isUnparsed(answer) ? null : 'a body for HEAD';
    if (status < 400 && declared?.content === undefined)
      return body.length === 0 ? null : 'a body that is not declared';
    const type = headers['content-type']?.split(';')[0] ?? '';
    const schema = declared?.content?.[type]?.schema;
    if (schema !== undefined) return this.#mismatch(schema, body);
    return status < 400 ? `a response of the type "${type}"` : this.#problemFault(type, answer);
  }

  #problemFault(type: string, { status, headers, body }: RawAnswer): string | null {
    if (type !== 'application/problem+json') return `an error of the type "${type}"`;
    const wrong = this.#mismatch({ $ref: '#/components/schemas/Problem' }, body);
    if (wrong !== null) return wrong;
    const problem = JSON.parse(body.toString('utf8'));
    if (problem.status !== status) return 'another status in the problem';
    if (problem.code === '') return 'no code';
    return problem.request_id === headers['x-request-id'] ? null : 'another request id in the problem';
  }

  #responsesAt(method: string, target: string): Record<string, MediaTypes> {
    const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const place = this.#places.find((each) => each.method === asked && each.pattern.test(path));
    return (place && this.#document.paths[place.path]?.[asked]?.responses) ?? {};
  }

  #mismatch(schema: Schema, body: Buffer): string | null {
    const key = JSON.stringify(schema);
    const known = this.#schemas.get(key) ?? this.#read(key);
    this.#schemas.set(key, known);
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      return 'a body that is no JSON';
    }
    const parsed = known.safeParse(value);
    return parsed.success ? null : parsed.error.message;
  }

  #read(schema: string): z.ZodType {
    const local = (text: string) => JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/'));
    return z.fromJSONSchema({
      ...local(schema),
      $defs: local(JSON.stringify(this.#document.components.schemas)),
    });
  }
}

/** Has the server answered before it knew the method of the request? */
function isUnparsed({ body }: RawAnswer): boolean {
  return /"code":"(malformed_request|headers_too_large)"/.test(body.toString('utf8'));
}
