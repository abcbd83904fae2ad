/**
 * Requests that are made up from the served document, most of them with something wrong in them. No request makes the
 * server fail: every response is declared, every error is a problem, and the server then serves a right call.
 *
 * A failure prints its seed, its path and the request. To send more requests, and to replay a failure:
 *
 *     ATTACK_REQUESTS=50000 npm run test:attack -- fuzz
 *     FC_SEED=123 FC_PATH=4 npm run test:attack -- fuzz
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildUser, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer } from '../support/server.ts';
import { deliver, statusBody } from '../support/webhooks.ts';
import { AnswerRules, type Document } from './answerRules.ts';
import { type AttackStage, startAttackStage } from './attackStage.ts';
import { bytesOf, type FuzzRequest } from './fuzzBytes.ts';
import { fuzzRequests } from './fuzzRequest.ts';
import { KeptRows } from './keptRows.ts';
import { rawRequest } from './rawRequest.ts';

const { FC_SEED, FC_PATH, ATTACK_REQUESTS } = process.env;
/** The requests of one run of the property. Rows that they change are restored before the next run. */
const perRun = 20;
const runs = Math.ceil(Number(ATTACK_REQUESTS ?? 5_000) / perRun);
/** An upper limit for one run on a busy machine. Milliseconds. */
const longestRun = 20_000;
/** pino's level of an error, as a log line has it. */
const errorLevel = 50;

let stage: AttackStage;
let viewer: TestUser;
let document: Document;
let rules: AnswerRules;
let kept: KeptRows;
/** The faults that no promise's caller has seen. */
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(async () => {
  process.on('unhandledRejection', note);
  stage = await startAttackStage();
  viewer = await buildUser(stage.server, stage.owner.accountId, 'viewer');
  document = (await stage.server.anyone.get('/api/v1/openapi.json').expect(200)).body;
  rules = new AnswerRules(document, stage.server.routes);
  kept = await KeptRows.keep(stage.server.databaseUrl);
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  await kept.close();
  await stage.stop();
});

/** Takes the errors from a log. */
function errorsIn(log: string[]): string[] {
  return log.splice(0).filter((line) => JSON.parse(line).level >= errorLevel);
}

/** Sends a request and checks the response. */
async function mustStand(request: FuzzRequest): Promise<number | null> {
  const { server, owner, own } = stage;
  const { bytes, isWhole } = bytesOf(request, { own, owner: owner.token, viewer: viewer.token });
  const answer = await rawRequest(server.url, bytes, { isEnd: !isWhole });
  const fault =
    answer === null
      ? isWhole && 'no answer'
      : rules.fault(request.method.toUpperCase(), request.target, answer);
  const errors = errorsIn(server.log);
  if (fault || errors.length > 0 || unhandled.length > 0) {
    const sent = bytes.subarray(0, 1_500).toString('latin1');
    const text = answer?.body.subarray(0, 500).toString('utf8');
    throw new Error(
      `${JSON.stringify(request).slice(0, 1_500)}\n${sent}\n${fault}: ${answer?.status} ${text}\n${errors}\n${unhandled}`,
    );
  }
  return answer?.status ?? null;
}

test(
  'no request makes the server fail or answer what it does not declare',
  async () => {
    const statuses = new Map<number | null, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fuzzRequests(document, stage.own, stage.foreign), { minLength: perRun, maxLength: perRun }),
        async (requests) => {
          await kept.restore();
          for (const request of requests) {
            const status = await mustStand(request);
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
          }
          await kept.restore();
          const { server, owner, own } = stage;
          await server.as(owner).get(`/api/v1/sites/${own.site}`).expect(200);
          const sender = { siteId: own.site, key: own.key };
          expect(await deliver(server, sender, 'status', statusBody)).toMatchObject({ status: 202 });
        },
      ),
      {
        numRuns: runs,
        ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
        ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
        endOnFailure: true,
      },
    );
    // The requests reach every kind of response, and are not all refused at the door.
    if (FC_PATH === undefined) {
      for (const status of [200, 202, 204, 400, 401, 403, 404, 405, 413, 415])
        expect({ status, count: statuses.get(status) ?? 0 }).not.toEqual({ status, count: 0 });
    }
  },
  runs * longestRun + 60_000,
);

test('a worker applies every delivery that was accepted', async () => {
  const { db, databaseUrl } = stage.server;
  const worker = await startTestServer({ ROLE: 'worker' }, { database: { url: databaseUrl } });
  const errors: string[] = [];
  try {
    await eventually(async () => {
      errors.push(...errorsIn(worker.log));
      if (errors.length > 0) return;
      expect(await db.webhookDelivery.count({ where: { status: { in: ['pending', 'failed'] } } })).toBe(0);
    }, 170_000);
    expect(errors).toEqual([]);
  } finally {
    await worker.stop();
  }
}, 240_000);
