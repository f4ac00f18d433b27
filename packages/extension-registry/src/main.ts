import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { readSettings } from './service/settings.ts';
import { createBackends, startService } from './service/start.ts';

const usage = `provisioning-extension-registry [--config FILE] [--mode MODE] [--host HOST] [--port PORT]
  [--log-level LEVEL] [--show-config] [--check] [-h] [-V]
`;

/** The program `provisioning-extension-registry` (10). */
async function main(): Promise<number | undefined> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      mode: { type: 'string' },
      host: { type: 'string' },
      port: { type: 'string' },
      'log-level': { type: 'string' },
      'show-config': { type: 'boolean' },
      'print-config': { type: 'boolean' },
      check: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'V' },
    },
  });
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  if (values.version === true || values.help === true) {
    process.stdout.write(values.version === true ? `${version}\n` : usage);
    return 0;
  }
  const read = () =>
    readSettings({
      ...(values.config === undefined ? {} : { file: values.config }),
      environment: process.env,
      flags: values,
    });
  const settings = await read();
  if (values['show-config'] === true || values['print-config'] === true) {
    process.stdout.write(`${JSON.stringify(settings, null, 2)}\n`);
    return 0;
  }
  if (values.check === true) return check(settings);
  const service = await startService(settings, version);
  const stop = (): void =>
    void service.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', () => {
    // A file that is broken now says no level; everything else is read again all the same.
    void read().then(
      ({ logging }) => service.reload(logging.level),
      () => service.reload(),
    );
  });
  return undefined;
}

/** Asks every backend once. */
async function check(settings: Awaited<ReturnType<typeof readSettings>>): Promise<number> {
  let failed = false;
  for (const backend of await createBackends(settings)) {
    const error = await backend.health({ signal: AbortSignal.timeout(5000) }).then(
      () => undefined,
      (reason: unknown) => (reason as Error).message,
    );
    failed ||= error !== undefined;
    process.stdout.write(`${backend.id}\t${backend.kind}\t${error === undefined ? 'ok' : error}\n`);
  }
  return failed ? 1 : 0;
}

main().then(
  (code) => {
    if (code !== undefined) process.exitCode = code;
  },
  (thrown: unknown) => {
    const error = ProvisioningError.from(thrown);
    process.stderr.write(`error: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  -> ${error.hint}\n`);
    process.exit(error.exitCode);
  },
);
