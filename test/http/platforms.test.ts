/** The list of platforms, each with the schemas of its settings and credentials. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import { buildAccount, buildUser, type TestUser } from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const path = '/api/v1/integration/platforms';

let server: TestServer;
let owner: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
});
afterAll(() => server.stop());

const listed = z.object({
  results: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      capabilities: z.strictObject({
        uses_site_key: z.boolean(),
        structure: z.boolean(),
        content: z.boolean(),
      }),
      config_schema: z.json(),
      credentials_schema: z.json(),
    }),
  ),
});

async function platform(name: string) {
  const answer = await server.as(owner).get(path).expect(200);
  const found = listed.parse(answer.body).results.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not listed.`);
  return found;
}

describe('the platforms', () => {
  test('are listed for an editor, each with its type and capabilities', async () => {
    const editor = await buildUser(server, owner.accountId, 'editor');
    const answer = await server.as(editor).get(path).expect(200);
    const names = listed.parse(answer.body).results.map(({ name, type }) => [name, type]);
    expect(names).toEqual(
      expect.arrayContaining([
        ['wordpress', 'cms'],
        ['custom', 'custom_api'],
      ]),
    );
    expect((await platform('wordpress')).capabilities).toMatchObject({
      uses_site_key: true,
      structure: true,
    });
    expect((await platform('custom')).capabilities).toEqual({
      uses_site_key: false,
      structure: true,
      content: true,
    });
  });

  test('are not listed for a viewer or a stranger', async () => {
    const viewer = await buildUser(server, owner.accountId, 'viewer');
    expectProblem(await server.as(viewer).get(path), 403, { code: 'role_too_low' });
    expectProblem(await server.anyone.get(path), 401);
  });

  test('have JSON Schemas from which a form can be drawn', async () => {
    for (const name of ['wordpress', 'custom']) {
      const { config_schema, credentials_schema } = await platform(name);
      for (const schema of [config_schema, credentials_schema]) {
        expect(schema).toMatchObject({
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          additionalProperties: false,
        });
        // A description is required for every field that a person fills in, as a schema cannot express all
        // checks.
        expect(fieldsWithoutWords(schema)).toEqual([]);
      }
    }
    const custom = await platform('custom');
    expect(custom.config_schema).toMatchObject({ required: ['base_url', 'auth', 'test'] });
    expect(custom.credentials_schema).toMatchObject({
      properties: { token: { type: 'string', description: expect.any(String) } },
      dependentRequired: { username: ['password'] },
    });
  });

  test('have schemas that accept what the server accepts', async () => {
    const { config_schema, credentials_schema } = await platform('custom');
    const config = z.fromJSONSchema(z.record(z.string(), z.json()).parse(config_schema));
    // zod writes this keyword but cannot read it.
    const { dependentRequired: _, ...plain } = z.record(z.string(), z.json()).parse(credentials_schema);
    const credentials = z.fromJSONSchema(plain);
    for (const auth of ['none', 'bearer', 'header', 'basic', 'query'] as const) {
      for (const paging of ['page', 'offset', 'cursor', 'link'] as const) {
        const described = describeApi({ url: 'https://api.example.com', auth, paging });
        expect(config.safeParse(described)).toMatchObject({ success: true });
        expect(config.safeParse({ ...described, auth: { type: 'digest' } }).success).toBe(false);
      }
      expect(credentials.safeParse(credentialsOf(auth)).success).toBe(true);
    }
    expect(credentials.safeParse({ token: 'a\nb' }).success).toBe(false);
  });
});

/** Paths of top-level properties that have no description, and no parts with descriptions. */
function fieldsWithoutWords(schema: unknown): string[] {
  const { properties = {} } = z
    .object({ properties: z.record(z.string(), z.object({ description: z.string().optional() })).optional() })
    .parse(schema);
  return Object.entries(properties).flatMap(([name, { description }]) => (description ? [] : [name]));
}
