import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Context } from '@provisioning/extensions-sdk';
import type { Infrastructure } from '../infra/infrastructure.ts';
import type { Project } from '../project/project.ts';
import { attempt, type AttemptLimits } from '../operations/server/attempt.ts';
import { clusterHealth } from './clusters.ts';
import { countCheck, type HealthArea, type HealthCheck, type HealthReport, problems } from './report.ts';
import { type HealthItem, serverHealth } from '../operations/server/health.ts';
import { taskservHealth } from './taskservs.ts';

export interface HealthOptions {
  readonly project: Project;
  readonly context: Context;
  readonly infrastructure: Infrastructure;
  /** Only these; default all, and with them configuration, platform, network and keys. */
  readonly areas?: readonly HealthArea[];
  /** The services of the platform that run, asked by whoever knows where they are. */
  readonly platform?: () => Promise<readonly HealthItem[]>;
  readonly limits?: AttemptLimits;
}

/** Looks at everything an infrastructure consists of (05 §9.8, 24 §3). Changes nothing. */
export async function checkHealth(options: HealthOptions): Promise<HealthReport> {
  const { context, infrastructure, areas, limits } = options;
  const wants = (area: HealthArea): boolean => areas === undefined || areas.includes(area);
  const whole = areas === undefined;
  const none = (): Promise<readonly HealthItem[]> => Promise.resolve([]);
  const [servers, taskservs, clusters, platform, network, keys] = await Promise.all([
    wants('servers') ? serverHealth(context, infrastructure.servers, limits) : none(),
    wants('taskservs') ? taskservHealth(context, infrastructure) : none(),
    wants('clusters') ? clusterHealth(options.project, context, infrastructure) : none(),
    whole && options.platform !== undefined ? options.platform() : none(),
    whole ? networkCheck(context, infrastructure, limits) : undefined,
    whole ? keyCheck(context) : undefined,
  ]);
  const checks: HealthCheck[] = [];
  if (whole)
    checks.push({
      name: 'Configuration',
      status: infrastructure.warnings.length === 0 ? 'ok' : 'warning',
      message: infrastructure.warnings[0] ?? 'OK',
    });
  if (wants('servers')) checks.push(countCheck('Servers', 'healthy', servers));
  if (wants('taskservs')) checks.push(countCheck('Task Services', 'running', taskservs));
  if (whole) checks.push(countCheck('Platform Services', 'healthy', platform));
  if (network !== undefined) checks.push(network);
  if (keys !== undefined) checks.push(keys);
  if (clusters.length > 0 || areas?.includes('clusters') === true)
    checks.push(countCheck('Clusters', 'healthy', clusters));
  const checked_at = new Date(context.now()).toISOString();
  const report = { servers, taskservs, clusters, platform, checks, checked_at };
  return { healthy: problems(report) === 0, ...report };
}

/** Whether the providers of the infrastructure answer. */
async function networkCheck(
  context: Context,
  { servers }: Infrastructure,
  limits: AttemptLimits | undefined,
): Promise<HealthCheck> {
  const name = 'Network Connectivity';
  const reasons = await Promise.all(
    [...new Set(servers.map(({ provider }) => provider))].map(async (provider) => {
      const reason = await attempt(
        async () => {
          const { healthy, error } = await (await context.provider(provider)).health();
          return healthy ? undefined : (error ?? 'not healthy');
        },
        context.signal,
        limits,
      );
      return reason === undefined ? undefined : `${provider}: ${reason}`;
    }),
  );
  const bad = reasons.filter((reason) => reason !== undefined);
  return bad.length === 0
    ? { name, status: 'ok', message: 'OK' }
    : { name, status: 'error', message: bad.join('; ') };
}

/** Keys that are there are readable, and by nobody else. */
async function keyCheck(context: Context): Promise<HealthCheck> {
  const name = 'Encryption Keys';
  const paths = context.config('sops.key_search_paths');
  const files = [
    join(context.workspace.path, 'secrets', 'ssh-keys', 'id_ed25519'),
    ...(Array.isArray(paths) ? paths.map((file) => String(file).replace(/^~(?=\/)/, homedir())) : []),
  ];
  for (const file of files) {
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) continue;
    const readable = await access(file, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (!readable) return { name, status: 'error', message: `${file} is not readable` };
    if ((found.mode & 0o077) !== 0)
      return { name, status: 'error', message: `${file} can be read by others: chmod 600 ${file}` };
  }
  return { name, status: 'ok', message: 'OK' };
}
