import { z } from 'zod';
import { bodyId } from './common.schema.ts';

export const onboardingRequest = z.strictObject({
  site_id: bodyId,
  api_key: z.string().max(10_000).optional().meta({
    description:
      "The site's key, here or in the header X-API-Key. A signed-in user of the site's account may leave it out.",
  }),
  site_url: z.string().min(1, 'must not be empty').max(2_000),
  moved: z.boolean().optional().meta({
    description:
      'true if the site was rebuilt or moved. In the next sync, items that differ become new contents.',
  }),
});

const check = z.object({
  name: z.string(),
  ok: z.boolean(),
  ms: z.number(),
  code: z.string().optional(),
  detail: z.string().optional(),
});

const testResult = z.object({
  success: z.boolean(),
  code: z.string().meta({
    description:
      '`ok`, or the cause to fix. A test that passed may have `writes_blocked`: the site can be read, but its host refuses writes.',
  }),
  message: z.string(),
  hint: z.string(),
  stage: z.string(),
  retryable: z.boolean(),
  latency_ms: z.number(),
  checks: z.array(check),
  remote: z.object({
    name: z.string().optional(),
    version: z.string().optional(),
    plugin_version: z.string().optional(),
    canonical_url: z.string().optional(),
  }),
});

export const testResultSchema = testResult.meta({ id: 'ConnectionTestResult' });

export const onboardingResponse = testResult
  .extend({ integration_id: z.int() })
  .meta({ id: 'OnboardingResult' });
