import {
  checkHealth,
  type HealthArea,
  type HealthItem,
  type HealthReport,
  problems,
} from '@provisioning/core';
import { isServing, orchestratorHealth, orchestratorPid } from '../orchestrator/control.ts';
import type { ProvisioningCommand } from '../frame/command.ts';
import type { Printer } from '../output/printer.ts';
import type { InfrastructureSession } from '../session/infrastructure.ts';
import { settingsFor } from '../orchestrator/session.ts';
import { counted } from '../output/counted.ts';

/** Looks at the infrastructure of the command line. */
export async function reportHealth(
  command: ProvisioningCommand,
  session: InfrastructureSession,
  areas?: readonly HealthArea[],
): Promise<HealthReport> {
  return checkHealth({
    project: session.project,
    context: session.context,
    infrastructure: session.infrastructure,
    platform: () => platformHealth(command, session),
    ...(areas === undefined ? {} : { areas }),
  });
}

/** Services of the platform that were started: one that starts on demand and does not run is none. */
async function platformHealth(
  command: ProvisioningCommand,
  session: InfrastructureSession,
): Promise<readonly HealthItem[]> {
  const settings = await settingsFor(command, session.configuration);
  const health = await orchestratorHealth(settings, 5000);
  if (health !== undefined)
    return [
      {
        name: 'orchestrator',
        healthy: isServing(health),
        status: health.status,
        ...(isServing(health) ? {} : { reason: `it is ${health.status}` }),
      },
    ];
  if ((await orchestratorPid(settings)) === undefined) return [];
  return [
    { name: 'orchestrator', healthy: false, status: 'unknown', reason: `no answer at ${settings.endpoint}` },
  ];
}

/** One line an area (24 §3). */
export function checkSummary(report: HealthReport, out: Printer): string[] {
  const { style } = out;
  const nothing =
    report.servers.length + report.taskservs.length + report.clusters.length === 0
      ? [`${style.mark('info')} nothing to check`]
      : [];
  return [
    ...report.checks.map(({ name, status, message }) => `${style.mark(status)} ${name}: ${message}`),
    ...nothing,
  ];
}

/** One line a thing (05 §9.8). */
export function itemSummary(report: HealthReport, infra: string, out: Printer): string[] {
  const { style } = out;
  const count = problems(report);
  const line = ({ name, healthy, reason, status, version }: HealthItem): string =>
    healthy
      ? `  ${style.mark('ok')} ${name}: ${version === undefined ? capital(status) : `${version} (healthy)`}`
      : `  ${style.mark('error')} ${name}: ${reason ?? status}`;
  const section = (title: string, items: readonly HealthItem[]): string[] =>
    items.length === 0 ? [] : [title, ...items.map(line)];
  const others = report.checks.filter(
    ({ name, status }) => status === 'error' && /^(Configuration|Network|Encryption)/.test(name),
  );
  return [
    `Health Check: ${infra}`,
    ...section(
      'Servers:',
      report.servers.map((item) => (item.healthy ? { ...item, status: 'healthy' } : item)),
    ),
    ...section('Task Services:', report.taskservs),
    ...section('Clusters:', report.clusters),
    ...section('Platform Services:', report.platform),
    ...others.map(({ name, message }) => `  ${style.mark('error')} ${name}: ${message}`),
    count === 0
      ? `Overall Status: ${style.mark('ok')} All systems healthy`
      : `Overall Status: ${style.mark('error')} ${counted(count, 'problem')}`,
  ];
}

function capital(word: string): string {
  return `${word[0]?.toUpperCase() ?? ''}${word.slice(1)}`;
}
