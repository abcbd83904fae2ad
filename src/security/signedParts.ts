/**
 * The parts of a request that its signature covers. A proxy may sort the query, add parameters, encode it in
 * another way or strip a folder from the path: none of that changes these parts. The connector plugin makes the
 * same parts of what arrives (class-sitebridge-signed-parts.php).
 */

/** In plain permalinks this parameter holds the route, which is signed by itself. */
const ROUTE_PARAMETER = 'rest_route';

interface Parameter {
  /** Encoded by RFC 3986. */
  name: string;
  /** Encoded by RFC 3986. */
  value: string;
}

/**
 * The parameters of a query in canonical form: each as `name=value`, encoded by RFC 3986, sorted by bytes, joined
 * by `&`, without `rest_route`. `+` is a space, as in forms. A parameter without `=` is empty.
 * @param query without `?`, with the bytes of the request line as Latin-1 characters, as Node has them.
 * @param names in canonical form; all parameters if it is absent.
 */
export function canonicalParameters(query: string, names?: ReadonlySet<string>): string {
  return parametersOf(query)
    .filter(({ name }) => name !== ROUTE_PARAMETER && (names === undefined || names.has(name)))
    .map(({ name, value }) => `${name}=${value}`)
    .sort()
    .join('&');
}

/** The names of all parameters of a query, once each, as the header that names them holds them. */
export function parameterNames(query: string): string {
  const names = parametersOf(query).flatMap(({ name }) => (name === ROUTE_PARAMETER ? [] : [name]));
  return [...new Set(names)].sort().join(',');
}

/** The names in the header, in canonical form. A name in it may be encoded or not. */
export function namesIn(header: string): Set<string> {
  const names = header
    .split(',')
    .map((name) => encoded(decoded(name.replace(/^[ \t]+|[ \t]+$/g, ''), false)));
  return new Set(names.filter((name) => name !== ''));
}

/** A route in canonical form: each byte but `/` encoded by RFC 3986, without a slash at its end. */
export function canonicalRoute(route: string): string {
  const parts = decoded(route, false).split('/');
  return parts.map(encoded).join('/').replace(/\/+$/, '') || '/';
}

function parametersOf(query: string): Parameter[] {
  return query.split('&').flatMap((pair) => {
    const at = pair.indexOf('=');
    const name = encoded(decoded(at === -1 ? pair : pair.slice(0, at), true));
    return name === '' ? [] : [{ name, value: at === -1 ? '' : encoded(decoded(pair.slice(at + 1), true)) }];
  });
}

/** The bytes of an encoded text, as Latin-1 characters. What is no percent encoding stays, as in PHP. */
function decoded(text: string, plusIsSpace: boolean): string {
  const spaced = plusIsSpace ? text.replaceAll('+', ' ') : text;
  return spaced.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Encodes bytes, given as Latin-1 characters: all but the unreserved characters (RFC 3986, 2.3). */
function encoded(bytes: string): string {
  return bytes.replace(
    /[^A-Za-z0-9\-._~]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
