import { type Logger, pino, type LoggerOptions } from 'pino';

/** Keys whose values never reach a log. */
const secretKeys = ['password', 'token', 'secret', 'authorization', 'refresh_token', 'private_key'];

interface Destination {
  write(line: string): void;
}

/** The logger of a service: lines on standard output, JSON or for people to read; secrets censored. */
export function createLogger(
  service: string,
  { level, format = 'json' }: { readonly level: string; readonly format?: 'json' | 'text' },
  destination: Destination = pino.destination(1),
): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
  };
  return pino(options, format === 'json' ? destination : asText(destination));
}

/** `2026-01-31T10:00:00.000Z INFO orchestrator is ready port=9090`, the stack of an error below it. */
function asText(destination: Destination): Destination {
  return {
    write(line) {
      const {
        level,
        time,
        service: _service,
        msg,
        err,
        ...facts
      } = JSON.parse(line) as Record<string, unknown>;
      const told = Object.entries(facts).map(([name, fact]) => `${name}=${JSON.stringify(fact)}`);
      const { message, stack } = (err ?? {}) as { message?: string; stack?: string };
      const parts = [time, String(level).toUpperCase(), msg ?? message, ...told];
      destination.write(`${parts.filter((part) => part !== undefined).join(' ')}\n`);
      if (stack !== undefined) destination.write(`${stack}\n`);
    },
  };
}

export type { Logger } from 'pino';
