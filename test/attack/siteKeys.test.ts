/** Site keys that open nothing any more, and site keys in a body. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateSiteKey } from '../../src/security/siteKey.ts';
import { buildAccount } from '../support/builders.ts';
import { onboardingPath } from '../support/onboarding.ts';
import { send } from './attackCall.ts';
import { type AttackCase, casesOf, faultsOf, ruled } from './attackCases.ts';
import { type AttackStage, close, revokeKey, startAttackStage } from './attackStage.ts';
import { type Caller, keyHolders, signers } from './callers.ts';
import { DatabaseDigest } from './databaseDigest.ts';
import { buildHoldings, type Holdings, tracesOf } from './holdings.ts';
import { type Operation, readOperations } from './operations.ts';

let stage: AttackStage;
let operations: Operation[];
let digest: DatabaseDigest;
beforeAll(async () => {
  stage = await startAttackStage();
  operations = await readOperations(stage.server);
  digest = await DatabaseDigest.open(stage.server.databaseUrl);
});
afterAll(async () => {
  await digest.close();
  await stage.stop();
});

/** The callers that once proved the site. Now they prove nothing. */
function formerSenders(): Caller[] {
  const senders = [
    ...keyHolders('the former key', 'unknown', ({ key }) => key),
    ...keyHolders('the former previous key', 'unknown', ({ previousKey }) => previousKey),
  ];
  const signing = signers(stage.foreign).map((caller): Caller => {
    const isKey = caller.standing.kind === 'key';
    return {
      ...caller,
      standing: isKey ? { kind: 'key', key: 'unknown' } : { kind: 'signer', signature: 'wrong' },
    };
  });
  const empty: Caller = {
    name: 'an empty key',
    standing: { kind: 'key', key: 'unknown' },
    headers: () => ({ 'X-API-Key': '' }),
  };
  return [...senders, ...signing, empty];
}

/** Attacks the site of the holdings at every operation that some site or shop may call. */
async function attackAt(own: Holdings, by: AttackCase['rule']['admits']['by'][]): Promise<string[]> {
  const wrong: string[] = [];
  const rules = ruled(operations).filter(({ rule }) => by.includes(rule.admits.by));
  expect(rules.length).toBeGreaterThanOrEqual(by.length);
  const before = await digest.read();
  for (const { operation, rule } of rules) {
    for (const caller of formerSenders()) {
      const [each] = casesOf(operation, rule, caller).filter(({ named }) => named === 'own');
      if (each === undefined || each.expected === 'success')
        throw new Error('A former sender is admitted by a rule.');
      const answer = await send({ url: stage.server.url, operation, rule, caller, own, named: own });
      wrong.push(...faultsOf(each, answer, tracesOf(own)));
    }
  }
  expect(await digest.read()).toEqual(before);
  return wrong;
}

test('a revoked key and an empty key open nothing at a site without a key', async () => {
  const own = await stage.freshHoldings();
  await revokeKey(stage.server, stage.owner, own);
  expect(await attackAt(own, ['user or site', 'user or connecting site', 'sending site'])).toEqual([]);
});

test('no key and no signature opens anything at a site of a deactivated account', async () => {
  const former = await buildAccount(stage.server);
  const own = await buildHoldings(stage.server, former, stage.wordpress.url);
  await close(stage.server, former);
  expect(await attackAt(own, ['user or site', 'user or connecting site', 'sending site', 'shop'])).toEqual(
    [],
  );
});

describe('a key in the body of a site that connects', () => {
  const connect = async (headers: Record<string, string>, body: object) => {
    const answer = await fetch(`${stage.server.url}${onboardingPath}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Request-Id': 'attack', ...headers },
      body: JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  };

  test('opens its site if it is the current key', async () => {
    const own = await stage.freshHoldings();
    const answer = await connect({}, { site_id: own.site, api_key: own.key, site_url: own.url });
    expect(answer).toMatchObject({ status: 200 });
  });

  test('is refused alike for a site with another key, of another account, and without a row', async () => {
    const { own, foreign, missing, owner } = stage;
    const before = await digest.read();
    const keys = [own.previousKey, foreign.key, generateSiteKey(), '', owner.token];
    const headers = [{}, { Authorization: `Bearer ${owner.token}` }, { 'X-API-Key': own.key }];
    const answers = new Set<string>();
    for (const site of [own.site, foreign.site, missing.site]) {
      for (const [at, key] of keys.entries()) {
        // This pair is right.
        if (site === foreign.site && key === foreign.key) continue;
        for (const presented of headers) {
          const address = { 'X-Forwarded-For': `10.1.${at}.${answers.size + 1}` };
          const body = { site_id: site, api_key: key, site_url: own.url };
          answers.add(JSON.stringify(await connect({ ...presented, ...address }, body)));
        }
      }
    }
    expect([...answers].map((answer) => JSON.parse(answer).status)).toEqual([403]);
    expect(await digest.read()).toEqual(before);
  });
});
