import { z } from 'zod';
import { bodyId } from './common.schema.ts';

export const onboardingRequest = z.strictObject({
  site_id: bodyId,
  api_key: z.string().max(10_000).optional().meta({
    description: "The site's key. May come as X-API-Key instead, or be left out by a user who owns the site.",
  }),
  site_url: z.string().min(1, 'must not be empty').max(2_000),
  moved: z.boolean().optional().meta({
    description:
      'true where the site was rebuilt or moved: its next sync takes the items there as new ones where they differ.',
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
  code: z.string(),
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
