/** The fields that take a secret: a new one is noticed here, and then belongs into the attacks on secrets. */
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { createPlatforms } from '../../src/adminServices.ts';
import { readConfig } from '../../src/config.ts';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import { startTestServer } from '../support/server.ts';
import { fieldsOf } from './jsonSchema.ts';
import { CREDENTIALS, NO_SECRETS, SECRET_FIELDS } from './secretFields.ts';

/** Names and marks of fields that take a secret. */
const SECRET =
  /(password|passphrase|secret|token|api_?key|_key$|credential|authorization|signature|hmac|outer|private)/i;

test('the suite knows every secret field of openapi.json and of the platforms', async () => {
  const server = await startTestServer({ ROLE: 'api' });
  const { body } = await server.anyone.get('/api/v1/openapi.json').expect(200);
  await server.stop();
  const found = new Set<string>();
  for (const [path, operations] of Object.entries(body.paths)) {
    for (const [method, operation] of Object.entries(Object(operations))) {
      const { requestBody, parameters = [] } = Object(operation);
      for (const { name, schema } of fieldsOf(requestBody, `${method} ${path}`, body.components.schemas)) {
        const isMarked = schema.writeOnly === true || schema.format === 'password';
        if (isMarked || SECRET.test(name.split('.').at(-1) ?? '')) found.add(name);
      }
      for (const parameter of parameters) {
        if (SECRET.test(parameter.name)) found.add(`${parameter.in} ${parameter.name}`);
      }
    }
  }
  for (const { name, in: place } of Object.values(body.components.securitySchemes).map(Object)) {
    if (place === 'header') found.add(`header ${name}`);
  }
  expect([...found].sort()).toEqual([...SECRET_FIELDS, ...NO_SECRETS].sort());
});

test('the suite fills every credential of every platform', () => {
  const platforms = createPlatforms(readConfig({}), new OutboundClient({ allow: [] }));
  const fields = platforms.map(({ name, credentialsSchema }) => {
    const schema = z.toJSONSchema(credentialsSchema, { io: 'input', unrepresentable: 'any' });
    return [name, fieldsOf(schema, '').map((field) => field.name.slice(1))];
  });
  expect(Object.fromEntries(fields)).toEqual(CREDENTIALS);
});
