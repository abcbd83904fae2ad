import { CallerError } from '../../errors.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { SyncHealthService } from '../../services/health/syncHealth.service.ts';
import type { ConnectionTestService } from '../../services/integrations/connectionTest.service.ts';
import type { OnboardingService } from '../../services/integrations/onboarding.service.ts';
import { addressOf } from '../limits/callerQueues.ts';
import type { ProofBrake } from '../limits/proofBrake.ts';
import { presentedSiteKey } from '../middleware/authenticate.ts';
import { defineRoute, type Route } from '../route.ts';
import { idParams } from '../schemas/common.schema.ts';
import { onboardingRequest, onboardingResponse, testResultSchema } from '../schemas/connection.schema.ts';
import { debugStatusBody, debugStatusSchema } from '../schemas/health.schema.ts';
import { integrationsPath } from './integrations.router.ts';

const tag = 'Connections';
const editor = { kind: 'user', role: 'editor' } as const;

/** The routes that tell whether integrations work: tests, onboarding, health. */
export function connectionRoutes(
  tests: ConnectionTestService,
  onboarding: OnboardingService,
  health: SyncHealthService,
  platforms: PlatformRegistry,
  brake: ProofBrake,
): Route[] {
  const { onboards } = platforms.onboarding();
  return [
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/test-connection`,
      // Not throttled: a site that connects itself shares no counter of a user. The brake limits wrong keys.
      access: { kind: 'user_or_body_key', role: 'editor' },
      tag,
      summary: 'A site connects itself: test it, and on success create or update its integration',
      request: { body: onboardingRequest },
      headers: [...onboards.headers],
      responses: {
        200: { description: 'Connected', schema: onboardingResponse },
        400: {
          description: 'The test failed and nothing was stored; or the input is wrong (Problem)',
          schema: testResultSchema,
        },
      },
      handler: async ({ scope, body, request }) => {
        const apiKey = body.api_key ?? presentedSiteKey(request.headers) ?? undefined;
        if (apiKey === undefined && scope === null) {
          throw new CallerError('invalid_input', 'api_key: This field is required.', {
            fields: [{ field: 'api_key', code: 'required', message: 'This field is required.' }],
          });
        }
        const admitted = await brake.prove(addressOf(request), `onboarding:${body.site_id}`, () =>
          onboarding.admit(scope, body.site_id, apiKey),
        );
        const asked = {
          siteUrl: body.site_url,
          moved: body.moved ?? false,
          installation: onboards.senderOf(request.headers)?.installation ?? null,
        };
        const connected = admitted && (await onboarding.connect(admitted, asked));
        if (!connected) {
          throw new CallerError('forbidden', 'There is no such site, or this is not its key.', {
            code: 'site_or_key_wrong',
          });
        }
        return connected.integrationId === null
          ? { status: 400, body: connected.result }
          : { status: 200, body: { ...connected.result, integration_id: connected.integrationId } };
      },
    }),
    defineRoute({
      method: 'post',
      path: `${integrationsPath}/:id/test-connection`,
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'Test the connection of an integration',
      request: { params: idParams },
      responses: {
        200: { description: 'The result, whether it passed or failed', schema: testResultSchema },
      },
      handler: async ({ scope, params }) => ({ status: 200, body: await tests.test(scope, params.id) }),
    }),
    defineRoute({
      method: 'get',
      path: `${integrationsPath}/:id/debug-status`,
      access: editor,
      throttle: 'integration',
      tag,
      summary: 'The state of an integration, its problems, and how to fix them',
      request: { params: idParams },
      responses: { 200: { description: 'The status', schema: debugStatusSchema } },
      handler: async ({ scope, params }) => {
        const status = await health.debugStatus(scope, params.id);
        return { status: 200, body: debugStatusBody(status, platforms.facts(status.integration.platform)) };
      },
    }),
  ];
}
