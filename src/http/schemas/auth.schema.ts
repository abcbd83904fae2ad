import { z } from 'zod';

export const tokenRequest = z.strictObject({ email: z.string().max(320), password: z.string().max(1_000) });

export const tokenResponse = z
  .object({ access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int() })
  .meta({ id: 'Token' });
