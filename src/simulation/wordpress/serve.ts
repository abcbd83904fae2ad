import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';
import type { Disturbances } from './disturbances.ts';
import { throughDisturbances } from './disturbedAnswer.ts';
import { CHANGED_ANSWERS, type FaultName } from './faults.ts';
import { answerOfFront, throughProxy } from './front.ts';
import { type FaultScope, REPLACED_ANSWERS } from './replacedAnswers.ts';
import { answerSite, isApi, isConnector, type SiteRequest } from './router.ts';
import type { SimulatedSite } from './site.ts';
import { answerWeakly } from './weakAnswer.ts';

/**
 * Answers one HTTP request, with the faults that are switched on and the disturbances that hit this request.
 */
export async function serve(
  site: SimulatedSite,
  disturbances: Disturbances,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = await readRequest(site, incoming);
  const { method, target } = request;
  site.state.requests.push({ method, target, headers: incoming.headers });
  if (site.has('silent')) return;
  if (site.has('reset') || (site.has('api_reset') && isApi(site, request))) {
    incoming.socket.destroy();
    return;
  }
  const met = disturbances.meets(site, request);
  const weak = site.weakness === null ? null : answerWeakly(site, site.weakness, request);
  if (weak === 'drop') return void incoming.socket.destroy();
  const reaction = await throughDisturbances(site, request, met, () => throughFaults(site, request, weak));
  if (reaction === 'drop') return void incoming.socket.destroy();
  if (reaction === 'endless') return void pipeline(Readable.from(endlessJson()), response, () => undefined);
  const answer = isApi(site, request) ? encoded(site, reaction.answer) : reaction.answer;
  response.writeHead(answer.status, answer.headers);
  response.end(method === 'HEAD' ? '' : answer.body);
}

type Encoded = Omit<Answer, 'body'> & { body: string | Buffer };

/** Compresses an answer other than its header says. */
function encoded(site: SimulatedSite, answer: Encoded): Encoded {
  const marked = { ...answer.headers, 'Content-Encoding': 'gzip' };
  if (site.has('gzip_unmarked')) return { ...answer, body: gzipSync(answer.body) };
  if (site.has('gzip_false')) return { ...answer, headers: marked };
  if (site.has('gzip_twice')) return { ...answer, headers: marked, body: gzipSync(gzipSync(answer.body)) };
  return answer;
}

function* endlessJson(): Generator<string> {
  yield '[';
  const spaces = ' '.repeat(64 * 1024);
  while (true) yield spaces;
}

async function readRequest(site: SimulatedSite, incoming: IncomingMessage): Promise<SiteRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    const stripped = site.has('signature_headers_stripped') && name.startsWith('x-sitebridge-');
    if (!stripped) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers,
    body: Buffer.concat(chunks),
  };
}

/** Faults in front of WordPress apply first. Faults that change its responses apply last. */
function throughFaults(site: SimulatedSite, request: SiteRequest, answered: Answer | null): Answer {
  const applies = (name: FaultName, scope: FaultScope) => site.has(name) && inScope(site, request, scope);
  if (site.has('redirect')) {
    const headers = { Location: `https://www.example.com${request.target}` };
    return { status: 301, headers, body: '' };
  }
  const stopped = answerOfFront(site, request);
  if (stopped !== null) return stopped;
  for (const [name, fault] of entries(REPLACED_ANSWERS)) {
    if (applies(name, fault.scope)) return fault.answer;
  }
  let answer = answered ?? answerSite(site, throughProxy(site, request));
  for (const [name, fault] of entries(CHANGED_ANSWERS)) {
    if (applies(name, fault.scope)) answer = fault.change(answer);
  }
  return answer;
}

function inScope(site: SimulatedSite, request: SiteRequest, scope: FaultScope): boolean {
  if (scope === 'connector') return isConnector(site, request);
  return scope === 'everything' || isApi(site, request);
}

function entries<K extends string, V>(table: Readonly<Record<K, V>>): Array<[K, V]> {
  const names: K[] = [];
  for (const name in table) names.push(name);
  return names.map((name) => [name, table[name]]);
}
