/**
 * The baseline for receiving webhooks: `node:http` and bare `pg`, with the same two inserts in one
 * transaction after the same signature check. It gets the sites and their keys in advance, and checks nothing
 * else. It is a separate program. Settings: DATABASE_URL, SITES (`[{id, accountId, key}]` as JSON).
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import { webhookJob } from '../src/jobs/jobs.ts';
import { createBoss } from '../src/jobs/queues.ts';
import { isSigned } from '../src/security/webhookSignature.ts';
import { sendJson, servePlainly } from './plainServer.ts';

const sites = new Map(
  z
    .array(z.object({ id: z.int(), accountId: z.int(), key: z.string() }))
    .parse(JSON.parse(process.env.SITES ?? '[]'))
    .map((site) => [String(site.id), site]),
);
const url = process.env.DATABASE_URL ?? '';
// The same number of connections as the server.
const pool = new pg.Pool({ connectionString: url, max: 10 });
const insertJob = await jobInsert();

/** The statement with which pg-boss stores a job, and a function that makes its parameter. */
async function jobInsert(): Promise<{ text: string; value: (deliveryId: string, siteId: number) => string }> {
  const boss = createBoss({ url, logger: pino({ level: 'silent' }), works: false });
  await boss.start();
  const seen: { text: string; job: string }[] = [];
  const db = {
    executeSql: async (text: string, values?: unknown[]) => {
      seen.push({ text, job: String(values?.[0]) });
      return { rows: [] };
    },
  };
  await boss.send(webhookJob.name, { deliveryId: 'DELIVERY' }, { db, group: { id: 'SITE' } });
  await boss.stop();
  const [statement] = seen;
  if (statement === undefined) throw new Error('pg-boss sent no statement.');
  const { text, job } = statement;
  return {
    text,
    value: (deliveryId, siteId) => job.replace('DELIVERY', deliveryId).replace('SITE', String(siteId)),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const { headers } = request;
  const site = sites.get(String(headers['x-site-id']));
  const signature = {
    id: String(headers['webhook-id']),
    timestamp: String(headers['webhook-timestamp']),
    signature: String(headers['webhook-signature']),
  };
  if (!site || !isSigned(site.key, text, signature)) return sendJson(response, 401, { status: 401 });
  const topic = request.url?.endsWith('/status') ? 'status' : 'metadata';
  const body = JSON.parse(text);
  const deliveryId = await keep(site, signature.id, topic, text, body);
  sendJson(response, 202, { received: true, delivery_id: Number(deliveryId), duplicate: false });
}

async function keep(
  site: { id: number; accountId: number },
  webhookId: string,
  topic: string,
  text: string,
  body: { post_type: string; external_id: string },
): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const stored = await client.query<{ id: string }>({
      name: 'delivery',
      text: `INSERT INTO webhook_delivery (account_id, site_id, webhook_id, topic, subject, body, body_hash)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7) ON CONFLICT (site_id, webhook_id) DO NOTHING RETURNING id`,
      values: [
        site.accountId,
        site.id,
        webhookId,
        topic,
        `${body.post_type}:${body.external_id}`,
        JSON.stringify(body),
        createHash('sha256').update(`${topic}\n${text}`).digest('hex'),
      ],
    });
    const id = stored.rows[0]?.id ?? '';
    await client.query({ name: 'job', text: insertJob.text, values: [`${insertJob.value(id, site.id)}`] });
    await client.query('COMMIT');
    return id;
  } finally {
    client.release();
  }
}

servePlainly(answer);
