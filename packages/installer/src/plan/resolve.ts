import { type InstallerConfiguration, type Issue, ProvisioningError } from '@provisioning/extensions-sdk';
import { type ModeName, modes } from '../catalogue/modes.ts';
import { providers } from '../catalogue/providers.ts';
import { type Service, serviceNamed, services } from '../catalogue/services.ts';

export type PlatformName = 'docker' | 'podman' | 'kubernetes' | 'orbstack';

/** What is to be deployed, every value decided. */
export interface Installation {
  readonly name: string;
  readonly mode: ModeName;
  readonly provider: string;
  /** Nothing: the first that answers. */
  readonly platform?: PlatformName;
  readonly domain: string;
  /** In the order in which they start. */
  readonly services: readonly PlannedService[];
  readonly resources: { readonly millicores: number; readonly memoryMb: number; readonly diskGb: number };
  readonly images?: string;
  /** Image by service, in place of the one of the installed version. */
  readonly ownImages: Readonly<Record<string, string>>;
  /** What a person should know. */
  readonly warnings: readonly string[];
  /** Why this cannot be deployed today; empty when it can. */
  readonly obstacles: readonly string[];
}

export interface PlannedService {
  readonly service: Service;
  readonly port: number;
  readonly reason: 'mode' | 'chosen' | 'needed';
  /** Services that have it come along. */
  readonly neededBy?: string;
}

export const comesLater = 'comes with a later version';

/**
 * Decides everything that the configuration leaves open, and checks it (04 §7.3, §7.4).
 * @throws ProvisioningError `INSTALLER_CONFIG_INVALID` (exit 3) with every finding.
 */
export function resolve(configuration: InstallerConfiguration): Installation {
  const { installation = {}, ports = {}, security = {} } = configuration;
  const mode = installation.mode ?? 'solo';
  const issues: Issue[] = [];
  const provider = installation.provider ?? 'local';
  if (!Object.hasOwn(providers, provider))
    issues.push({
      message: `Unknown provider: ${provider}. Available providers: ${Object.keys(providers).join(', ')}`,
    });
  const planned = plannedServices(mode, installation.services ?? [], ports, issues);
  const resources = resourcesOf(configuration, mode);
  const warnings = [...sizingWarnings(resources, mode, issues)];
  for (const message of collisions(planned)) issues.push({ message });
  const obstacles = [
    ...modeObstacles(mode),
    ...securityObstacles(security),
    ...clusterObstacles(installation),
  ];
  if (issues.length > 0) {
    throw new ProvisioningError({
      code: 'INSTALLER_CONFIG_INVALID',
      kind: 'configuration',
      message: issues[0]!.message,
      issues: issues.slice(1),
    });
  }
  return {
    name: installation.name ?? 'provisioning',
    mode,
    provider,
    ...(installation.platform === undefined ? {} : { platform: installation.platform }),
    domain: installation.domain ?? 'localhost',
    services: planned,
    resources,
    ...(installation.images === undefined ? {} : { images: installation.images }),
    ownImages: configuration.dependencies?.platform.images ?? {},
    warnings,
    obstacles,
  };
}

function plannedServices(
  mode: ModeName,
  chosen: readonly string[],
  ports: Readonly<Record<string, number | undefined>>,
  issues: Issue[],
): readonly PlannedService[] {
  const reasons = new Map<string, Omit<PlannedService, 'service' | 'port'>>();
  for (const name of modes[mode].services) reasons.set(name, { reason: 'mode' });
  for (const name of chosen) {
    const service = serviceNamed(name);
    if (service === undefined)
      issues.push({
        message: `Unknown service: ${name}. Available services: ${services.map((one) => one.name).join(', ')}`,
      });
    else if (service.runs === undefined) issues.push({ message: `${service.name} ${comesLater}` });
    else if (!reasons.has(service.name)) reasons.set(service.name, { reason: 'chosen' });
  }
  // Backwards: what a service needs starts before it, so it stands before it in the list.
  for (const { name, runs, needs } of [...services].reverse()) {
    if (!reasons.has(name) || runs === undefined) continue;
    for (const needed of needs)
      if (!reasons.has(needed)) reasons.set(needed, { reason: 'needed', neededBy: name });
  }
  return services.flatMap((service) => {
    const why = reasons.get(service.name);
    return why === undefined ? [] : [{ service, port: ports[service.key] ?? service.port, ...why }];
  });
}

function collisions(planned: readonly PlannedService[]): readonly string[] {
  const byPort = new Map<number, string>();
  return planned.flatMap(({ service: { name }, port }) => {
    const other = byPort.get(port);
    byPort.set(port, name);
    return other === undefined ? [] : [`Port ${port} is given to ${other} and to ${name}`];
  });
}

function resourcesOf({ resources = {} }: InstallerConfiguration, mode: ModeName): Installation['resources'] {
  const { usual } = modes[mode];
  return {
    millicores: millicores(resources.cpu) ?? usual.cores * 1000,
    memoryMb: resources.memory ?? usual.memory * 1024,
    diskGb: resources.disk ?? usual.disk,
  };
}

/** Cores below 100, else thousandths of one; `2000m` too. */
function millicores(cpu: number | string | undefined): number | undefined {
  if (cpu === undefined) return undefined;
  if (typeof cpu === 'string') return Number(cpu.slice(0, -1));
  return Math.round(cpu < 100 ? cpu * 1000 : cpu);
}

function sizingWarnings(
  { millicores: cpu, memoryMb, diskGb }: Installation['resources'],
  mode: ModeName,
  issues: Issue[],
): readonly string[] {
  const { minimum, usual } = modes[mode];
  const rows: readonly (readonly [string, number, number, number, string])[] = [
    ['cpu', cpu, minimum.cores * 1000, usual.cores * 1000, 'millicores'],
    ['memory', memoryMb, minimum.memory * 1024, usual.memory * 1024, 'MB'],
    ['disk', diskGb, minimum.disk, usual.disk, 'GB'],
  ];
  return rows.flatMap(([key, value, least, recommended, unit]) => {
    if (value >= recommended) return [];
    const below = value < least ? `at least ${least}` : `${recommended} recommended`;
    const message = `resources.${key}: ${value} ${unit} for ${mode} mode, ${below}`;
    if (value >= least || mode !== 'enterprise') return [message];
    issues.push({ message });
    return [];
  });
}

/** Everything but solo asks who somebody is, and the service that knows comes later. */
function modeObstacles(mode: ModeName): readonly string[] {
  return mode === 'solo' ? [] : [`${mode} mode needs control-center, which ${comesLater}`];
}

function securityObstacles({
  enable_mfa,
  enable_audit,
  tls_enabled,
}: NonNullable<InstallerConfiguration['security']>) {
  return [
    ...(enable_mfa === true ? [`security.enable_mfa needs control-center, which ${comesLater}`] : []),
    ...(enable_audit === true ? [`security.enable_audit needs control-center, which ${comesLater}`] : []),
    ...(tls_enabled === true ? [`security.tls_enabled needs vault-service, which ${comesLater}`] : []),
  ];
}

/** A cluster pulls its images itself. */
function clusterObstacles({
  platform,
  images,
}: NonNullable<InstallerConfiguration['installation']>): readonly string[] {
  if (platform !== 'kubernetes' || (images !== undefined && !images.startsWith('layout:'))) return [];
  return [
    'platform kubernetes needs installation.images: the registry and namespace that the cluster pulls from',
  ];
}
