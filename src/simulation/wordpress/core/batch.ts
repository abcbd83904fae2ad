import { onlyFields } from './fields.ts';
import { Parameters } from './parameters.ts';
import { isRecord } from './requestBody.ts';
import { noRoute, type RestAnswer, reply, WpError } from './restAnswer.ts';

/** wp_rest_batch_max_size */
const LARGEST = 25;
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'];

interface BatchItem {
  method: string;
  path: string;
  body: Record<string, unknown>;
}

/** Answers one request of a batch. Returns null when the route does not exist. */
type AnswerItem = (item: { method: string; route: string; parameters: Parameters }) => RestAnswer | null;

/** Whether a route may be used in batches. Returns null when the route does not exist. */
type TakesBatches = (route: string) => boolean | null;

/**
 * WP_REST_Server::serve_batch_request_v1(): carries out the requests one after the other, without a
 * transaction. `require-all-validate` is not simulated.
 */
export function answerBatch(
  parameters: Parameters,
  takesBatches: TakesBatches,
  answer: AnswerItem,
): RestAnswer {
  const items = readItems(parameters.get('requests'));
  const responses = items.map((item) => {
    const answered = answerItem(item, takesBatches, answer);
    return {
      body: answered.value,
      status: answered.status,
      // PHP writes an empty map as [].
      headers: Object.keys(answered.headers).length === 0 ? [] : answered.headers,
    };
  });
  return reply({ responses }, 207);
}

function answerItem(item: BatchItem, takesBatches: TakesBatches, answer: AnswerItem): RestAnswer {
  try {
    const url = URL.parse(item.path, 'http://site.invalid');
    if (url === null) throw new WpError('parse_path_failed', 400, 'Could not parse the path.');
    const { pathname: route, searchParams: query } = url;
    const takes = takesBatches(route);
    if (takes === null) throw noRoute();
    if (!takes) {
      throw new WpError(
        'rest_batch_not_allowed',
        400,
        'The requested route does not support batch requests.',
      );
    }
    const answered = answer({ method: item.method, route, parameters: new Parameters(query, item.body) });
    if (answered === null) throw noRoute();
    return onlyFields(answered, query.get('_fields'));
  } catch (error) {
    if (error instanceof WpError) return error.answer;
    throw error;
  }
}

function readItems(value: unknown): BatchItem[] {
  if (value === undefined) {
    throw new WpError('rest_missing_callback_param', 400, 'Missing parameter(s): requests', {
      params: ['requests'],
    });
  }
  if (!Array.isArray(value)) throw invalid('requests is not of type array.');
  if (value.length > LARGEST) throw invalid(`requests must contain at most ${LARGEST} items.`);
  return value.map((item: unknown, index) => {
    if (!isRecord(item) || typeof item.path !== 'string') {
      throw invalid(`path is a required property of requests[${index}].`);
    }
    const method = item.method ?? 'POST';
    if (typeof method !== 'string' || !METHODS.includes(method)) {
      throw invalid(`requests[${index}][method] is not one of ${METHODS.join(', ')}.`);
    }
    return { method, path: item.path, body: isRecord(item.body) ? item.body : {} };
  });
}

function invalid(why: string): WpError {
  return new WpError('rest_invalid_param', 400, 'Invalid parameter(s): requests', {
    params: { requests: why },
  });
}
