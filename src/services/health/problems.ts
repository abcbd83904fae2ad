import { pausedMessage } from '../integrations/sitePauses.ts';
import type { Facts } from './facts.ts';

/** A reason why an integration does not work as it should. `hint` says how to fix it. */
export interface Problem {
  code: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
  hint: string;
}

const dayMs = 24 * 3_600_000;
/** A run without a heartbeat for this long is stuck. No restart of a worker takes so long. */
const stuckAfterMs = 10 * 60_000;

/** Each rule returns its problem if the facts show it, else null. The most serious problems come first. */
const rules: ((facts: Facts) => Problem | null)[] = [
  (facts) =>
    facts.serverPaused === null
      ? null
      : problem(
          'server_paused',
          'error',
          facts.serverPaused,
          'Ask the operator which server the database belongs to. A copy should stay paused.',
        ),
  (facts) =>
    facts.usesSiteKey && !facts.siteHasKey
      ? problem(
          'site_key_missing',
          'error',
          'The site has no API key.',
          'Create a key with POST /api/v1/sites/{id}/api-key and enter it in the plugin.',
        )
      : null,
  (facts) =>
    facts.connectionStatus === 'failing' && facts.lastTest
      ? problem(
          'connection_failing',
          'error',
          `The last connection test failed (${facts.lastTest.code}): ${facts.lastTest.result.message ?? 'no message.'}`,
          facts.lastTest.result.hint || 'Test the connection again.',
        )
      : null,
  (facts) =>
    facts.connectionStatus === 'untested'
      ? problem(
          'connection_untested',
          'warning',
          'The current connection has not been tested.',
          'Call test-connection.',
        )
      : null,
  (facts) =>
    facts.isActive
      ? null
      : problem(
          'inactive',
          'info',
          'The integration is inactive, so nothing is synced.',
          'Set is_active to true.',
        ),
  (facts) =>
    facts.syncEnabled
      ? null
      : problem('sync_disabled', 'info', 'Sync is switched off.', 'Set sync_enabled to true.'),
  (facts) =>
    facts.pausedUntil && facts.pausedUntil.getTime() > facts.now
      ? problem(
          'site_paused',
          'error',
          pausedMessage(facts.pausedUntil),
          'Make sure that the site responds, then call test-connection.',
        )
      : null,
  (facts) =>
    facts.restoredAt
      ? problem(
          'database_restored',
          'error',
          'The database of this server is older than the site: a backup was restored, or a copy of it is in use.',
          'Runs push nothing until they have read everything, which needs no action. If a copy runs elsewhere, stop it.',
        )
      : null,
  (facts) =>
    facts.writesBlockedAt
      ? problem(
          'writes_blocked',
          'error',
          `The site is read, but since ${facts.writesBlockedAt.toISOString()} its host refuses writes, so nothing is pushed.`,
          'Test the connection: the test names the refused request and who refuses it. Allow POST requests there. Contents keep their changes, and each run tries one write.',
        )
      : null,
  (facts) =>
    facts.syncStatus === 'partial'
      ? problem(
          'sync_partial',
          'warning',
          `The last run left something out: ${facts.syncError ?? 'no message.'}`,
          'Look at the events with success=false, fix what they name, then start a sync again.',
        )
      : null,
  (facts) =>
    facts.syncStatus === 'failed'
      ? problem(
          'sync_failed',
          'error',
          `The last run failed: ${facts.syncError ?? 'no message.'}`,
          'Fix the named error, then start a sync again.',
        )
      : null,
  ({ failingItems: { count, named } }) =>
    count === 0
      ? null
      : problem(
          'items_failing',
          'warning',
          `The site fails whenever it is asked for ${count === 1 ? 'this item' : `one of these ${count} items`}: ${named.join(', ')}${count > named.length ? ' and others' : ''}.`,
          "Open the item on the site, and look into the site's error log: a shortcode or a plugin most likely breaks on it. Each sync tries it again.",
        ),
  (facts) => {
    if (!facts.currentRun) return null;
    const sign = facts.currentRun.heartbeatAt ?? facts.currentRun.createdAt;
    return facts.now - sign.getTime() > stuckAfterMs
      ? problem(
          'run_stuck',
          'error',
          'A run has sent no heartbeat for ten minutes.',
          'Make sure that a worker is running (npm run worker), or cancel the run.',
        )
      : null;
  },
  (facts) =>
    facts.hasStructure && facts.contentTypes === null
      ? problem(
          'structure_missing',
          'warning',
          'The structure of the site is not known yet.',
          'Sync with direction metadata, or press Connect in the plugin.',
        )
      : null,
  (facts) =>
    facts.contentTypes && facts.now - Date.parse(facts.contentTypes.last_structure_fetch) > 7 * dayMs
      ? problem(
          'structure_stale',
          'warning',
          'The structure of the site was read more than a week ago.',
          'Sync with direction metadata. Make sure that WP-Cron runs, so that the plugin reports daily.',
        )
      : null,
  (facts) =>
    facts.connectorPassedOver === null
      ? null
      : problem(
          'connector_other_key',
          'warning',
          facts.connectorPassedOver,
          'Enter server address, site id and the current site key in WordPress under Settings > Sitebridge, and press Connect. If the plugin belongs to another server, it can stay as it is: syncs go on, but more slowly.',
        ),
  (facts) =>
    facts.answersDisturbed === null
      ? null
      : problem(
          'dirty_json',
          'warning',
          facts.answersDisturbed,
          'Find what prints beside the answers or changes their texts: a plugin, a theme, or PHP with display_errors. Until then syncs go on.',
        ),
  (facts) =>
    // Only a site with a site key can have the plugin.
    facts.usesSiteKey && facts.contentTypes && !facts.contentTypes.plugin_connection_enabled
      ? problem(
          'plugin_not_connected',
          'info',
          'The site is reached without the connector plugin.',
          'Install and connect the plugin for faster syncs and webhooks.',
        )
      : null,
  (facts) =>
    facts.untoldChange && facts.contentTypes?.plugin_connection_enabled
      ? problem(
          'webhooks_silent',
          'warning',
          'The site changed, but no webhook about the change arrived.',
          facts.usesSiteKey
            ? 'On the site, look at the queue under Settings > Sitebridge. Make sure that the site can reach this server.'
            : 'Make sure that the site sends its webhooks, and that they reach this server.',
        )
      : null,
  (facts) =>
    facts.heldDelivery === null
      ? null
      : problem(
          'cloned_site',
          'error',
          `A webhook is held: ${facts.heldDelivery}`,
          'If the site has moved there, confirm it in the plugin there, or test the connection with "moved": true. If it is a copy, make a site of its own for it here, and connect the copy with the key of that site.',
        ),
  (facts) =>
    facts.deadDeliveries > 0
      ? problem(
          'webhooks_dead',
          'error',
          `${facts.deadDeliveries} webhook deliveries could not be applied.`,
          'Look at the deliveries with status dead, and replay them.',
        )
      : null,
  (facts) =>
    facts.goneTypes.length > 0
      ? problem(
          'type_gone',
          'warning',
          `The site does not have the types of these contents any more: ${facts.goneTypes.join(', ')}. Their contents stay here as they are.`,
          'Switch on the plugin that brings the type, and the next sync goes on with it. If it is gone for good, switch the type off with config_json.content_types.post_types.{type}.enabled, or delete its contents here.',
        )
      : null,
  (facts) =>
    facts.conflicts > 0
      ? problem(
          'content_conflicts',
          'warning',
          `${facts.conflicts} contents changed on both sides.`,
          'Resolve each conflict with resolve-conflict.',
        )
      : null,
];

/** All problems that the facts show. */
export function problemsOf(facts: Facts): Problem[] {
  return rules.flatMap((rule) => rule(facts) ?? []);
}

function problem(code: string, severity: Problem['severity'], message: string, hint: string): Problem {
  return { code, severity, message, hint };
}
