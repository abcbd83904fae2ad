import { type DestinationStream, type Logger, pino } from 'pino';
import { scrub } from './security/scrub.ts';

const secretFields = [
  'authorization',
  'cookie',
  'password',
  'api_key',
  'apiKey',
  'siteKey',
  'access_token',
  'application_password',
  'credentials',
  'credentials_json',
  'secret',
];

/**
 * The logger of the process. It writes JSON lines to stderr, so that stdout is free for messages to a person.
 * Secrets are removed twice: by field name, and by pattern in every finished line.
 * The level `error` means that someone must act. A healthy server writes no errors.
 */
export function createLogger(level: string, destination: DestinationStream = process.stderr): Logger {
  const redact = [
    ...secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
    'headers["x-api-key"]',
    '*.headers["x-api-key"]',
  ];
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: redact, censor: '[redacted]' },
    },
    { write: (line: string) => void destination.write(scrub(line)) },
  );
}
