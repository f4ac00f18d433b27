import {
  CompanyEnvironment,
  ProvisioningError,
  type ResourceLimits,
  applyDefaults,
} from '@provisioning/extensions-sdk';
import type { Data } from '../config/document.ts';
import { isRecord, mergeData } from '../config/merge.ts';

const protections = [
  'encryption_at_rest',
  'encryption_in_transit',
  'network_isolation',
  'access_logging',
  'vulnerability_scanning',
  'multi_factor_auth',
  'privileged_access_management',
  'network_segmentation',
  'audit_logging',
  'data_loss_prevention',
  'endpoint_protection',
] as const;

const limits = (
  cores: number,
  memory: number,
  storage: number,
  instances: number,
  cost: number,
): ResourceLimits => ({
  max_cpu_cores: cores,
  max_memory_gb: memory,
  max_storage_tb: storage,
  max_instances: instances,
  max_monthly_cost: cost,
  cost_alerts_enabled: true,
});

/** Shipped environments (05 §5.5); a definition names one or writes its own. */
const templates: Readonly<Record<string, Data>> = {
  development: {
    name: 'development',
    type: 'development',
    compliance_level: 'basic',
    data_classification: 'internal',
    security_profile: { access_logging: true },
    resource_limits: limits(50, 200, 10, 20, 5000),
    monitoring_level: 'basic',
  },
  production: {
    name: 'production',
    type: 'production',
    compliance_level: 'critical',
    data_classification: 'confidential',
    security_profile: Object.fromEntries(protections.map((name) => [name, true])),
    resource_limits: limits(1000, 4000, 500, 200, 100_000),
    monitoring_level: 'enhanced',
    disaster_recovery_configuration: {
      dr_region: 'us-west-2',
      rto_minutes: 60,
      rpo_minutes: 15,
      automated_failover: true,
    },
  },
};

/** The company environment a definition asks for: the name of a template, or a record over the template of its type. */
export function companyEnvironment(value: unknown): CompanyEnvironment | undefined {
  const named = typeof value === 'string' ? templates[value] : undefined;
  if (named === undefined && !isRecord(value)) return undefined;
  const own = isRecord(value) ? value : {};
  const base = named ??
    templates[String(own['type'])] ?? {
      name: '',
      type: 'development',
      resource_limits: templates['development']!['resource_limits'],
    };
  const result = structuredClone(mergeData(base, own));
  applyDefaults(CompanyEnvironment, result);
  return result as CompanyEnvironment;
}

/** What counts against the limits. Memory in MB, disk in GB, cost by the month. */
export interface ResourceUse {
  readonly instances: number;
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly cost?: number;
}

export function useOf(
  servers: readonly { readonly cores: number; readonly memory: number; readonly disk: number }[],
): ResourceUse {
  return servers.reduce<ResourceUse>(
    (sum, server) => ({
      instances: sum.instances + 1,
      cores: sum.cores + server.cores,
      memory: sum.memory + server.memory,
      disk: sum.disk + server.disk,
    }),
    { instances: 0, cores: 0, memory: 0, disk: 0 },
  );
}

/**
 * Before a create, resize or scale: what exists and what is planned stay within the limits.
 * @throws ProvisioningError `RESOURCE_LIMIT_EXCEEDED` (exit 1)
 */
export function checkResourceLimits(
  allowed: ResourceLimits,
  existing: ResourceUse,
  planned: ResourceUse,
): void {
  const rows: readonly (readonly [keyof ResourceLimits, number, number])[] = [
    ['max_instances', existing.instances, planned.instances],
    ['max_cpu_cores', existing.cores, planned.cores],
    ['max_memory_gb', existing.memory / 1024, planned.memory / 1024],
    ['max_storage_tb', existing.disk / 1024, planned.disk / 1024],
    ['max_monthly_cost', existing.cost ?? 0, planned.cost ?? 0],
  ];
  for (const [name, current, requested] of rows) {
    const limit = Number(allowed[name]);
    if (current + requested <= limit) continue;
    throw new ProvisioningError({
      code: 'RESOURCE_LIMIT_EXCEEDED',
      message: `Resource limit exceeded: ${name} ${limit} (current ${figure(current)}, requested ${figure(requested)})`,
      hint: 'Remove what is not needed, or raise resource_limits of the environment.',
      details: { limit: name, allowed: limit, current, requested },
    });
  }
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
