import type { JsonObject } from '../../platforms/connection.ts';
import type { BodyFault } from '../spoiltBody.ts';

/** A response that replaces the real one, for some requests or until the fault is cleared. */
export interface HttpFault {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

/** Responses that replace the response of the Admin API: https://shopify.dev/docs/api/usage/response-codes */
export const REPLACED_ANSWERS = {
  shop_frozen: { status: 402, body: '{"errors":"Unavailable Shop"}' },
  forbidden: { status: 403, body: '{"errors":"Forbidden"}' },
  scope_refused: {
    status: 403,
    body: '{"errors":"[API] This action requires merchant approval for read_products scope."}',
  },
  shop_locked: { status: 423, body: '{"errors":"Locked"}' },
  too_many_requests: {
    status: 429,
    headers: { 'Retry-After': '2.0' },
    body: '{"errors":"Exceeded the rate limit."}',
  },
  rejected: { status: 430, body: '{"errors":"Shopify Security Rejection"}' },
  server_error: { status: 500, body: '{"errors":"Internal Server Error"}' },
  not_json: { status: 200, body: '<!DOCTYPE html><html><body>Hello.</body></html>' },
  errors_only: {
    status: 200,
    body: '{"errors":[{"message":"Internal error. Looks like something went wrong on our end.","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}',
  },
} satisfies Readonly<Record<string, HttpFault>>;

/** The lists of items. */
const ITEMS = ['articles', 'pages', 'products', 'collections'];
/** The lists whose items Shopify counts. */
const COUNTED = [...ITEMS, 'blogs'];
/** The lists that Shopify does not count, so that nobody can know what they lack. */
const UNCOUNTED = ['productTags', 'productTypes', 'publications', 'metafieldDefinitions'];

/** Changes to responses that contain a list of nodes. */
export const CHANGED_ANSWERS = {
  /** A node could not be resolved: it is null, and an error names its path. */
  null_node: (answer: JsonObject) =>
    changeLists(answer, (list, name, errors) => {
      list.nodes[0] = null;
      errors.push({
        message: 'Internal error.',
        path: [...name, 0],
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      });
    }),
  /** A node is null, but no error mentions it. */
  bare_null: (answer: JsonObject) =>
    changeLists(answer, (list) => {
      list.nodes[0] = null;
    }),
  /** A field of a node failed, and an error names its path. */
  spoiled_field: (answer: JsonObject) =>
    changeLists(answer, (_, name, errors) => {
      errors.push({ message: 'Image service is away.', path: [...name, 0, 'image'] });
    }),
  /** A node has a field of a wrong type: its title is a number. */
  strange_node: (answer: JsonObject) =>
    changeLists(answer, (list) => {
      const [first] = list.nodes;
      if (isObject(first)) list.nodes[0] = { ...first, title: 7 };
    }),
  /** A page of a list comes without the list of its nodes. */
  no_nodes: (answer: JsonObject) =>
    changeLists(answer, (list, path) => {
      if (path.length === 2) Reflect.deleteProperty(list, 'nodes');
    }),
  /** A page of a list lacks its first node. */
  items_left_out: (answer: JsonObject) => changePages(answer, (nodes) => nodes.slice(1)),
  /** Each node of a list comes twice. */
  items_doubled: (answer: JsonObject) =>
    changePages(answer, (nodes) => nodes.flatMap((node) => [node, node]), [...COUNTED, ...UNCOUNTED]),
  /** A page of a list has one node, and the next page begins where the full page would have ended. */
  lists_shortened: (answer: JsonObject) => changePages(answer, (nodes) => nodes.slice(0, 1)),
  /** The nodes of a page come in the reverse order. */
  order_forced: (answer: JsonObject) =>
    changePages(answer, (nodes) => nodes.toReversed(), [...COUNTED, ...UNCOUNTED]),
} satisfies Readonly<Record<string, (answer: JsonObject) => JsonObject>>;

/** Changes the nodes of each list, and no item that was requested by its id. */
function changePages(
  answer: JsonObject,
  change: (nodes: unknown[]) => unknown[],
  lists: readonly string[] = COUNTED,
): JsonObject {
  return changeLists(
    answer,
    (list, path) => {
      const [first] = list.nodes;
      // Nodes without an id are counts.
      if (path.length === 2 && (typeof first === 'string' || (isObject(first) && 'id' in first)))
        list.nodes = change(list.nodes);
    },
    lists,
  );
}

/** Faults in the behaviour of the shop. */
const OTHER_FAULTS = [
  /** The request is throttled although the bucket has enough points, as when another program was faster. */
  'throttled',
  /** Every page is the first page, and says that another page follows. */
  'endless',
  /** No cursor is valid any more. */
  'stale_cursor',
  /** A mutation succeeds, but its response is lost. */
  'lost_answer',
  /** Every token is refused, even a new one. */
  'tokens_refused',
] as const;

export type FaultName =
  | BodyFault
  | keyof typeof REPLACED_ANSWERS
  | keyof typeof CHANGED_ANSWERS
  | (typeof OTHER_FAULTS)[number];

/** Changes a response so that each list has a next page. */
export function withoutEnd(answer: JsonObject): JsonObject {
  return changeLists(answer, (list) => {
    if (isObject(list.pageInfo)) list.pageInfo = { ...list.pageInfo, hasNextPage: true };
  });
}

interface List {
  nodes: unknown[];
  pageInfo?: unknown;
}

/** Changes each list of items in a response: the nodes of a connection, and the result of `nodes`. */
function changeLists(
  answer: JsonObject,
  change: (list: List, path: string[], errors: unknown[]) => void,
  lists: readonly string[] = ITEMS,
): JsonObject {
  const { data } = answer;
  if (!isObject(data)) return answer;
  const errors: unknown[] = Array.isArray(answer.errors) ? [...answer.errors] : [];
  const changed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(data)) {
    const items = lists.includes(name);
    if (name === 'nodes' && Array.isArray(value) && value.length > 0) {
      const list: List = { nodes: [...value] };
      change(list, ['nodes'], errors);
      changed[name] = list.nodes;
    } else if (items && isObject(value) && Array.isArray(value.nodes) && value.nodes.length > 0) {
      const list: List = { ...value, nodes: [...value.nodes] };
      change(list, [name, 'nodes'], errors);
      changed[name] = list;
    } else changed[name] = value;
  }
  return JSON.parse(JSON.stringify({ ...answer, data: changed, ...(errors.length > 0 ? { errors } : {}) }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
