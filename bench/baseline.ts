/**
 * The baseline for the API: `node:http` and bare `pg`, with the same query and JSON after the same token
 * check. It has no routing, validation, throttle, log or security headers, and would be hard to maintain. It
 * is a separate program. Settings: DATABASE_URL, JWT_SECRET.
 */
import { createSecretKey } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { sendJson, servePlainly } from './plainServer.ts';

const path = '/api/v1/integration/integrations';
const columns = `i.id, i.site_id, i.platform, i.config_json, i.credentials_json, i.is_active, i.sync_enabled,
  i.sync_status, i.last_sync_at, i.sync_error, i.connection_status, i.created_at, i.updated_at,
  s.name AS site_name, s.api_key_last4`;
const from = 'FROM site_integration i JOIN site s ON s.id = i.site_id';

interface Row {
  id: number;
  site_id: number;
  site_name: string;
  platform: string;
  config_json: unknown;
  credentials_json: string | null;
  api_key_last4: string | null;
  is_active: boolean;
  sync_enabled: boolean;
  sync_status: string;
  last_sync_at: Date | null;
  sync_error: string | null;
  connection_status: string;
  created_at: Date;
  updated_at: Date;
}

const secret = createSecretKey(Buffer.from(process.env.JWT_SECRET ?? ''));
// The same number of connections as the server.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const remembered = new Map<number, { accountId: Promise<number | null>; until: number }>();

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const account = await accountOf(request.headers.authorization ?? '');
  if (account === null) return sendJson(response, 401, { status: 401 });
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  if (url.pathname === path) return sendJson(response, 200, await list(account, url));
  const one = await pool.query<Row>({
    name: 'one',
    text: `SELECT ${columns} ${from} WHERE i.id = $1 AND i.account_id = $2`,
    values: [url.pathname.slice(path.length + 1), account],
  });
  const [row] = one.rows;
  return row ? sendJson(response, 200, shown(row)) : sendJson(response, 404, { status: 404 });
}

async function list(account: number, url: URL) {
  const page = Number(url.searchParams.get('page') ?? 1);
  const size = Number(url.searchParams.get('page_size') ?? 20);
  const [found, counted] = await Promise.all([
    pool.query<Row>({
      name: 'list',
      text: `SELECT ${columns} ${from} WHERE i.account_id = $1 ORDER BY i.id LIMIT $2 OFFSET $3`,
      values: [account, size, (page - 1) * size],
    }),
    pool.query<{ count: number }>({
      name: 'count',
      text: 'SELECT count(*)::int AS count FROM site_integration WHERE account_id = $1',
      values: [account],
    }),
  ]);
  const count = counted.rows[0]?.count ?? 0;
  return {
    count,
    next: page * size < count ? neighbour(url, page + 1) : null,
    previous: page > 1 ? neighbour(url, page - 1) : null,
    results: found.rows.map(shown),
  };
}

function neighbour(url: URL, page: number): string {
  const address = new URL(url);
  address.searchParams.set('page', String(page));
  return address.href;
}

function shown(row: Row) {
  return {
    id: row.id,
    site_id: row.site_id,
    site_name: row.site_name,
    platform: row.platform,
    platform_type: 'cms',
    config_json: row.config_json,
    api_key: row.api_key_last4 === null ? null : `sbk_…${row.api_key_last4}`,
    has_credentials: row.credentials_json !== null,
    is_active: row.is_active,
    sync_enabled: row.sync_enabled,
    sync_status: row.sync_status,
    last_sync_at: row.last_sync_at?.toISOString() ?? null,
    sync_error: row.sync_error,
    connection_status: row.connection_status,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/**
 * The same check as in the server: signature and expiry at every request (passport-jwt calls the same
 * function), with the user cached for 2 s.
 */
async function accountOf(authorization: string): Promise<number | null> {
  const token = /^Bearer (\S+)$/.exec(authorization)?.[1];
  const payload = await new Promise<unknown>((resolve) =>
    jwt.verify(token ?? '', secret, { algorithms: ['HS256'] }, (error, decoded) =>
      resolve(error ? null : decoded),
    ),
  );
  if (typeof payload !== 'object' || payload === null) return null;
  if (!('sub' in payload && 'account_id' in payload)) return null;
  const account = await activeAccount(Number(payload.sub));
  return account === payload.account_id ? account : null;
}

function activeAccount(userId: number): Promise<number | null> {
  const now = Date.now();
  const known = remembered.get(userId);
  if (known && known.until > now) return known.accountId;
  const accountId = pool
    .query<{ account_id: number }>(
      'SELECT u.account_id FROM app_user u JOIN account a ON a.id = u.account_id WHERE u.id = $1 AND u.is_active AND a.is_active',
      [userId],
    )
    .then(({ rows }) => rows[0]?.account_id ?? null);
  remembered.set(userId, { accountId, until: now + 2_000 });
  return accountId;
}

servePlainly(answer);
