import type { TenantScope } from '../access/tenantScope.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import type { SyncMetadataService } from '../integrations/syncMetadata.service.ts';
import type { RunLedger } from './runLedger.ts';

/** Reads the structure of the site in a run, and stores it as a step of the run. Throws RemoteError, RunLost. */
export async function readStructure(
  metadata: SyncMetadataService,
  ledger: RunLedger,
  integration: IntegrationRow,
  signal: AbortSignal,
): Promise<void> {
  const { run } = ledger;
  const structure = await metadata.readStructure(integration);
  signal.throwIfAborted();
  const found = Object.keys(structure.post_types).length + Object.keys(structure.taxonomies).length;
  const scope: TenantScope = {
    accountId: run.accountId,
    userId: run.requestedBy,
    siteId: run.siteId,
    role: 'site',
  };
  await ledger.step(async (tx) => {
    await metadata.store(tx, scope, run.integrationId, structure, 'fetched');
    return run.direction === 'metadata'
      ? { totals: { pulled: found }, done: found, expected: found }
      : { checkpoint: { structure: false } };
  });
}
