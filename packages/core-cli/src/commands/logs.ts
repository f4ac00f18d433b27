import { string as argument } from '@oclif/core/args';
import { boolean, integer, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { inOrder, isOfLevel, type LogEntry, type LogLevel, readEntry, showEntry } from '../log/entries.ts';
import { followLogs, lastLines } from '../log/log-file.ts';
import { loggingServices, type LoggingService, serviceLogs } from '../diagnostics/service-logs.ts';
import { accessOf } from '../server/access.ts';
import { journalCommand, journalLevels, showJournal } from '../server/journal.ts';
import { openInfrastructure } from '../session/infrastructure.ts';

interface LogFlags {
  readonly follow: boolean;
  readonly tail: number;
  readonly level: string | undefined;
}

export default class Logs extends ProvisioningCommand {
  static override summary = 'Show what the services wrote: all of them, one of them, or a taskserv';
  static override description = `The services that run on this machine (${loggingServices.join(', ')}), in the order of time. The name of a\ntaskserv shows its journal on the servers, --infra alone the journals of all servers of an infrastructure.`;
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = [
    'provisioning logs',
    'provisioning logs orchestrator --level error',
    'provisioning logs redis --tail 20',
    'provisioning logs --infra demo --follow --level error',
  ];
  static override args = {
    service: argument({ description: 'a service or a taskserv; default all services' }),
  };
  static override flags = {
    follow: boolean({ char: 'f', description: 'go on as lines come, until Ctrl-C' }),
    tail: integer({ description: 'lines from the end of each log', default: 50, min: 0 }),
    level: string({
      description: 'only this and worse: error, warn, info, debug',
      options: Object.keys(journalLevels),
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Logs);
    const options = { ...flags, follow: flags.follow || args.service === 'tail' };
    const service = args.service === 'tail' ? undefined : args.service;
    if (service === undefined && this.globals.infra !== undefined) return this.#servers(options);
    if (service !== undefined && !(loggingServices as readonly string[]).includes(service))
      return this.#taskserv();
    await this.#services(service as LoggingService | undefined, options);
  }

  async #services(wanted: LoggingService | undefined, { follow, tail, level }: LogFlags): Promise<void> {
    const { style } = this.out;
    const logs = await serviceLogs(this);
    const files = [...logs].filter(([service]) => wanted === undefined || service === wanted);
    const keep = (entry: LogEntry): boolean => isOfLevel(entry, level as LogLevel | undefined);
    const read = files.map(async ([service, file]) => {
      const lines = await lastLines(file, level === undefined ? tail : Infinity);
      const entries = lines.map((line) => readEntry(service, line)).filter(keep);
      return entries.slice(Math.max(0, entries.length - tail));
    });
    const entries = inOrder(await Promise.all(read));
    const names = wanted ?? loggingServices.join(', ');
    await this.out.result(entries, () =>
      entries.length === 0 && !follow
        ? [`No log lines found (${names}${level === undefined ? '' : `, ${level} and worse`})`]
        : entries.map((entry) => showEntry(entry, style)),
    );
    if (!follow) return;
    const serviceOf = new Map(files.map(([service, file]) => [file, service]));
    await followLogs(this, [...serviceOf.keys()], (line, file) => {
      const entry = readEntry(serviceOf.get(file)!, line);
      if (!keep(entry)) return;
      this.runtime.stdout.write(`${this.out.machine ? JSON.stringify(entry) : showEntry(entry, style)}\n`);
    });
  }

  /** `logs redis` is `taskserv logs redis`. */
  async #taskserv(): Promise<void> {
    const { default: TaskservLogs } = await import('./taskserv/logs.ts');
    await new TaskservLogs([...this.argv], { ...this.host, id: 'taskserv logs' }).run();
  }

  /** The journals of all servers of an infrastructure. */
  async #servers(options: LogFlags): Promise<void> {
    await using session = await openInfrastructure(this);
    await Promise.all(
      session.infrastructure.servers.map(async ({ hostname }) => {
        const access = await accessOf(session, hostname, {});
        const line = journalCommand(access, options);
        await showJournal(this, session, access, line, `The journal of ${hostname}`, `${hostname}: `);
      }),
    );
  }
}
