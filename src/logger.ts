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
 * The process's logger: JSON lines on stderr, so that stdout stays for what a person is meant to read.
 * Secrets are taken out twice: by field name, and by their look in every finished line.
 * Levels say who wakes: error = someone must act; a healthy server writes none.
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
