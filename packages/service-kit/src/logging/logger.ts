import { type Logger, pino, type LoggerOptions } from 'pino';

/** Keys whose values never reach a log. */
const secretKeys = ['password', 'token', 'secret', 'authorization', 'refresh_token', 'private_key'];

/** The logger of a service: JSON lines on standard output, secrets censored. */
export function createLogger(
  service: string,
  level: string,
  destination?: { write(line: string): void },
): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}

export type { Logger } from 'pino';
