import { readFileSync } from 'node:fs';
import { processSurroundings } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { configure, readCommandLine } from './settings/configuration.ts';
import { redactSettings } from './settings/settings.ts';
import { usage } from './service/usage.ts';

/** The program `provisioning-orchestrator`. */
async function main(): Promise<void> {
  const line = readCommandLine(process.argv.slice(2));
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  if (line.flags['version']) {
    process.stdout.write(`${version}\n`);
    return;
  }
  if (line.flags['help']) {
    process.stdout.write(usage);
    return;
  }
  const surroundings = processSurroundings(new URL('..', import.meta.url).pathname);
  const { settings, origins, unknown } = await configure(surroundings, line);
  if (line.flags['show-config']) {
    process.stdout.write(
      `${JSON.stringify({ settings: redactSettings(settings), origins, unknown }, undefined, 2)}\n`,
    );
    return;
  }
  const options = { settings, origins, unknown, version, moduleUrl: import.meta.url };
  if (line.flags['daemon']) {
    const { startDaemon } = await import('./program/daemon.ts');
    const pid = await startDaemon(settings, process.argv.slice(1));
    process.stdout.write(`${pid}\n`);
    return;
  }
  let service: { stop(): Promise<void> };
  if (line.command !== undefined && line.command !== 'worker') {
    const { runOffline } = await import('./offline/run.ts');
    await runOffline(line.command, options);
    return;
  }
  if (line.command === 'worker') {
    const { startWorker } = await import('./program/start-worker.ts');
    service = await startWorker(options);
  } else {
    const { startService } = await import('./program/start.ts');
    service = await startService(options);
  }
  const stop = () => {
    void service.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Who started it as a daemon waits for this.
  process.send?.('ready', () => process.disconnect());
}

main().catch((thrown: unknown) => {
  const error = ProvisioningError.from(thrown);
  process.stderr.write(`error: ${error.message}\n`);
  if (error.hint !== undefined) process.stderr.write(`  -> ${error.hint}\n`);
  if (error.kind === 'bug' && thrown instanceof Error) process.stderr.write(`${thrown.stack ?? ''}\n`);
  process.exit(error.exitCode);
});
