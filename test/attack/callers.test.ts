/**
 * Every operation of the served document, every caller, own rows, rows of another account, and missing rows. The
 * expected response follows from the rule of the operation. A refused call changes nothing and shows nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { comparable, send } from './attackCall.ts';
import { type AttackCase, allCases, faultsOf, otherSpellings, ruled } from './attackCases.ts';
import { type AttackStage, startAttackStage } from './attackStage.ts';
import { callRules } from './callRules.ts';
import { DatabaseDigest } from './databaseDigest.ts';
import { type Holdings, tracesOf } from './holdings.ts';
import { type Operation, pathOf, readOperations } from './operations.ts';
import { rawRequest, requestBytes } from './rawRequest.ts';

let stage: AttackStage;
let operations: Operation[];
let cases: AttackCase[];
let digest: DatabaseDigest;
beforeAll(async () => {
  stage = await startAttackStage();
  operations = await readOperations(stage.server);
  cases = allCases(operations, stage.callers);
  digest = await DatabaseDigest.open(stage.server.databaseUrl);
});
afterAll(async () => {
  await digest.close();
  await stage.stop();
});

/** Sends the call of a case. The caller has the keys of `own`. */
function attack(
  { operation, rule, caller, named }: AttackCase,
  more: { own?: Holdings; second?: Holdings; path?: string; named?: Holdings } = {},
) {
  const { own, foreign, missing } = { ...stage, own: more.own ?? stage.own };
  const rows = { own, foreign, missing }[named];
  return send({ url: stage.server.url, operation, rule, caller, own, named: rows, ...more });
}

test('every operation has a rule, and every rule an operation', () => {
  expect(Object.keys(callRules).sort()).toEqual(operations.map(({ name }) => name).sort());
});

describe('each caller at each operation', () => {
  test('is refused where the rule refuses, and changes and learns nothing there', async () => {
    const refused = cases.filter(({ expected }) => expected !== 'success');
    const hidden = [...tracesOf(stage.own), ...tracesOf(stage.foreign)];
    const wrong: string[] = [];
    let before = await digest.read();
    for (const [at, each] of refused.entries()) {
      wrong.push(...faultsOf(each, await attack(each), hidden));
      const next = refused[at + 1];
      if (next?.operation === each.operation && next.caller === each.caller) continue;
      const after = await digest.read();
      const changed = Object.keys(after).filter((table) => after[table] !== before[table]);
      if (changed.length > 0) wrong.push(`${each.title}: changes ${changed}`);
      before = after;
    }
    expect(wrong).toEqual([]);
    expect(refused.length).toBeGreaterThan(operations.length * stage.callers.length);
  });

  test('is admitted where the rule admits, and sees no row of another account', async () => {
    const admitted = cases.filter(({ expected }) => expected === 'success');
    const wrong: string[] = [];
    for (const each of admitted) {
      const own = await stage.freshHoldings();
      await each.rule.prepare?.(stage.server.db, own);
      const { standing } = each.caller;
      const isOutside = standing.kind === 'user' && !standing.isOfAccount;
      const hidden = [...tracesOf(stage.foreign), ...(isOutside ? tracesOf(own) : [])];
      wrong.push(...faultsOf(each, await attack(each, { own }), hidden));
    }
    expect(wrong).toEqual([]);
    expect(new Set(admitted.map(({ operation }) => operation)).size).toBe(operations.length);
  });
});

describe('a row of another account and a missing row', () => {
  const different: unknown[] = [];
  async function compare(each: AttackCase, theirs: object, nobodys: object): Promise<void> {
    const [first, second] = [await attack(each, theirs), await attack(each, nobodys)].map(comparable);
    expect(first?.status).toBeGreaterThanOrEqual(400);
    if (JSON.stringify(first) !== JSON.stringify(second)) different.push(each.title, first, second);
  }

  test('get the same response, to the byte', async () => {
    const foreign = cases.filter(({ named }) => named === 'foreign');
    expect(foreign.length).toBeGreaterThan(stage.callers.length);
    for (const each of foreign) {
      if (each.expected !== 'success')
        await compare(each, { named: stage.foreign }, { named: stage.missing });
    }
    expect(different).toEqual([]);
  });

  test('get the same response also as the second row that a call names', async () => {
    const own = cases.filter(({ rule, named }) => rule.namesTwo && named === 'own');
    expect(own.length).toBeGreaterThan(stage.callers.length);
    for (const each of own) await compare(each, { second: stage.foreign }, { second: stage.missing });
    expect(different).toEqual([]);
  });
});

describe('another spelling of a path', () => {
  test('is protected like the documented one', async () => {
    const hidden = [...tracesOf(stage.own), ...tracesOf(stage.foreign)];
    const wrong: string[] = [];
    for (const each of cases.filter(({ expected }) => expected !== 'success')) {
      for (const path of otherSpellings(each.operation, stage.server.routes)) {
        const answer = await attack(each, { path });
        wrong.push(...faultsOf(each, answer, hidden).map((fault) => `${path}: ${fault}`));
      }
    }
    expect(wrong).toEqual([]);
  });

  test.each<[string, (path: string) => string]>([
    ['capital letters', (path) => path.toUpperCase()],
    ['two slashes', (path) => path.replaceAll('/', '//')],
    ['an encoded slash', (path) => path.replace('/v1/', '/v1%2f')],
    ['an encoded letter', (path) => path.replace('/v1/', '/%76%31/')],
    ['an empty folder', (path) => path.replace('/v1/', '/v1/%2e/')],
    ['a folder and back', (path) => path.replace('/v1/', '/v1/x/%2e%2e/')],
    ['a public start', (path) => `/healthz/%2e%2e${path}`],
    ['a public end', (path) => `${path}/%2e%2e/healthz`],
    ['an extension', (path) => `${path}.json`],
    ['a parameter of the path', (path) => `${path};x=1`],
  ])('with %s lets nobody in', async (_what, spelled) => {
    const guarded = cases.filter(
      ({ rule, caller, named }) =>
        rule.admits.by !== 'everyone' && caller.standing.kind === 'nobody' && named === 'own',
    );
    expect(guarded.length).toBeGreaterThan(10);
    const open: string[] = [];
    for (const { operation, rule } of guarded) {
      const path = spelled(pathOf(operation.path, rule, stage.own, stage.own));
      // A client would resolve the dots of the path before it sends them.
      const bytes = requestBytes(operation.method, path, [
        ['Host', 'sitebridge'],
        ['Connection', 'close'],
      ]);
      const answer = await rawRequest(stage.server.url, bytes);
      if (![400, 401, 404, 405].includes(answer?.status ?? 0)) open.push(`${path} ${answer?.status}`);
      if (tracesOf(stage.own).some((trace) => answer?.body.includes(trace))) open.push(path);
    }
    expect(open).toEqual([]);
  });

  test('HEAD is protected like GET', async () => {
    const reads = cases.filter(
      ({ operation, expected }) => operation.method === 'GET' && expected !== 'success',
    );
    const wrong: string[] = [];
    for (const each of reads) {
      const operation = { ...each.operation, method: 'HEAD' };
      wrong.push(...faultsOf(each, await attack({ ...each, operation }), []));
    }
    expect(wrong).toEqual([]);
    expect(reads.length).toBeGreaterThan(ruled(operations).length);
  });
});
