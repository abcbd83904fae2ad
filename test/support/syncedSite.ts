/** A simulated WordPress that is connected to a test server, with access to the contents on both sides. */
import type { Content } from '../../src/database/generated/client.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, enterKey, integrationsPath, type TestTenant } from './builders.ts';
import type { RunBody } from './runBody.ts';
import type { TestServer } from './server.ts';

/** How the server reaches a site: through the connector, or over core REST with an application password. */
export type Way = 'connector' | 'password';

/** A connected site, as its owner uses it on the server. */
export interface SyncedTenant {
  tenant: TestTenant;
  /** `/api/v1/integration/integrations/{id}`, with `rest` added. */
  path(rest?: string): string;
  /** Starts a run and waits for its end. */
  sync(body: object): Promise<RunBody>;
  contents(where?: object): Promise<Content[]>;
  /** Creates a content on the server, as a user would. Returns its id. */
  write(fields: object): Promise<number>;
  /** Edits a content on the server, as a user would. */
  edit(id: number, fields: object): Promise<void>;
  content(id: number): Promise<Content>;
}

export interface SyncedSite extends SyncedTenant {
  wordpress: SimulatedWordpress;
}

/**
 * Starts and connects a site. `config` becomes its `config_json`. The caller stops its WordPress at the end.
 */
export async function startSyncedSite(
  server: TestServer,
  way: Way,
  config: object = {},
  options: { now?: () => number } = {},
): Promise<SyncedSite> {
  const wordpress = await startSimulatedWordpress({
    siteId: 1,
    ...(way === 'password' ? { connector: null } : {}),
    ...options,
  });
  return { wordpress, ...(await connectSite(server, wordpress, way, config)) };
}

/** Connects a running WordPress in an account of its own. `config` becomes its `config_json`. */
export async function connectSite(
  server: TestServer,
  wordpress: SimulatedWordpress,
  way: Way,
  config: object = {},
): Promise<SyncedTenant> {
  const tenant = await buildTenant(server, wordpress.url);
  const site = syncedTenant(server, tenant);
  if (way === 'connector') enterKey(wordpress, tenant.site);
  const credentials = { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' };
  await server
    .as(tenant.owner)
    .patch(site.path(), {
      config_json: config,
      ...(way === 'password' ? { credentials_json: credentials } : {}),
    })
    .expect(200);
  return site;
}

/** The calls that an owner makes for a connected site. */
export function syncedTenant(server: TestServer, tenant: TestTenant): SyncedTenant {
  const path = (rest = '') => `${integrationsPath}/${tenant.integrationId}${rest}`;
  const owner = server.as(tenant.owner);
  return {
    tenant,
    path,
    sync: async (body) => (await owner.post(path('/sync'), body).expect(200)).body,
    contents: (where = {}) =>
      server.db.content.findMany({
        where: { siteId: tenant.site.siteId, ...where },
        orderBy: { id: 'asc' },
      }),
    write: async (fields) =>
      (
        await owner
          .post('/api/v1/content', { site_id: tenant.site.siteId, content_type: 'post', ...fields })
          .expect(201)
      ).body.id,
    edit: async (id, fields) => void (await owner.patch(`/api/v1/content/${id}`, fields).expect(200)),
    content: (id) => server.db.content.findUniqueOrThrow({ where: { id } }),
  };
}
