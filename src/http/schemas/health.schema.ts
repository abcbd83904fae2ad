import { z } from 'zod';
import type { TestRecord } from '../../services/health/facts.ts';
import type { DebugStatus } from '../../services/health/syncHealth.service.ts';
import { timestamp } from './common.schema.ts';
import { testResultSchema } from './connection.schema.ts';
import { eventBody, eventSchema } from './event.schema.ts';
import { integrationBody, integrationSchema, type PlatformFacts } from './integration.schema.ts';
import { contentCountsSchema, runBody, runSchema } from './sync.schema.ts';

const testRecord = testResultSchema.extend({ at: timestamp }).meta({ id: 'ConnectionTestRecord' });

export const debugStatusSchema = z
  .object({
    integration: integrationSchema,
    connection: z.object({
      status: z.enum(['untested', 'healthy', 'failing']),
      last_test: testRecord.nullable(),
      history: z.array(testRecord),
      success_rate_24h: z
        .number()
        .nullable()
        .meta({ description: 'From 0 to 1; null without a test in 24 hours.' }),
    }),
    sync: z.object({
      current_run: runSchema.nullable(),
      last_runs: z.array(runSchema),
      queue: z.object({ queued: z.int(), active: z.int(), failed: z.int() }),
      oldest_comparison_at: timestamp.nullable().meta({
        description:
          'Every item of the enabled types was compared with the site since then, whether its date had changed or ' +
          'not; null before the first sync.',
      }),
      comparisons: z
        .array(z.object({ content_type: z.string(), oldest_comparison_at: timestamp }))
        .meta({ description: 'The same of each type, the oldest first.' }),
    }),
    webhooks: z.object({
      received_24h: z.int(),
      pending: z.int(),
      failed: z.int(),
      dead: z.int(),
      last_received_at: timestamp.nullable(),
    }),
    content: contentCountsSchema,
    recent_events: z.array(eventSchema),
    problems: z.array(
      z.object({
        code: z.string(),
        severity: z.enum(['error', 'warning', 'info']),
        message: z.string(),
        hint: z.string(),
      }),
    ),
  })
  .meta({ id: 'DebugStatus' });

export function debugStatusBody(status: DebugStatus, platform: PlatformFacts) {
  return {
    integration: integrationBody(status.integration, platform),
    connection: {
      status: status.connection.status,
      last_test: status.connection.lastTest ? testRecordBody(status.connection.lastTest) : null,
      history: status.connection.history.map(testRecordBody),
      success_rate_24h: status.connection.successRate24h,
    },
    sync: {
      current_run: status.sync.currentRun ? runBody(status.sync.currentRun) : null,
      last_runs: status.sync.lastRuns.map(runBody),
      queue: status.sync.queue,
      oldest_comparison_at: status.sync.comparisons[0]?.since.toISOString() ?? null,
      comparisons: status.sync.comparisons.map(({ contentType, since }) => ({
        content_type: contentType,
        oldest_comparison_at: since.toISOString(),
      })),
    },
    webhooks: {
      received_24h: status.webhooks.received24h,
      pending: status.webhooks.pending,
      failed: status.webhooks.failed,
      dead: status.webhooks.dead,
      last_received_at: status.webhooks.lastReceivedAt?.toISOString() ?? null,
    },
    content: status.content,
    recent_events: status.recentEvents.map(eventBody),
    problems: status.problems,
  };
}

function testRecordBody(record: TestRecord) {
  return { ...record.result, at: record.at.toISOString() };
}
