import { ProvisioningError } from '@provisioning/extensions-sdk';
import { valueAt } from '../config/merge.ts';
import { compareVersions } from '../extensions/version.ts';
import type { Infrastructure } from '../infra/index.ts';
import type { LayerResolver, Resolution } from './resolve.ts';
import type { ExtensionKind } from '../extensions/kinds.ts';
import { templateConflicts } from '../templates/apply.ts';
import { readApplied } from '../templates/applied.ts';
import type { Template } from '../templates/metadata.ts';

/** What a feature of a template promises, and the keys of which one keeps the promise. */
const features: Readonly<Record<string, { readonly label: string; readonly keys: readonly string[] }>> = {
  security: {
    label: 'Security policies configured',
    keys: ['security.pod_security_standard', 'security.pod_security.enforce', 'defaults.aws.encrypted'],
  },
  'network-policies': { label: 'Network policies configured', keys: ['network_policies'] },
  'resource-quotas': { label: 'Resource quotas set', keys: ['resource_quotas'] },
  monitoring: { label: 'Monitoring enabled', keys: ['features.monitoring', 'scrape_interval'] },
  replication: { label: 'Replication enabled', keys: ['replication.enabled'] },
  backup: { label: 'Backup configured', keys: ['backup', 'schedule', 'defaults.upcloud.storage_backups'] },
  tls: { label: 'TLS enabled', keys: ['tls.enabled'] },
  persistence: { label: 'Persistence configured', keys: ['persistence'] },
};

export interface TemplateCheckLine {
  readonly label: string;
  readonly ok: boolean;
  readonly details?: readonly string[];
}

/** What `template validate INFRA` prints (S:56893-56911). */
export interface TemplateCheck {
  readonly infra: string;
  readonly valid: boolean;
  readonly applied: readonly {
    readonly name: string;
    readonly version: string;
    readonly available?: string;
    readonly missing?: true;
  }[];
  readonly configuration: readonly TemplateCheckLine[];
  readonly compliance: readonly TemplateCheckLine[];
}

/** Checks the applied templates of an infrastructure against what it resolves to. */
export async function checkTemplates(
  resolver: LayerResolver,
  infrastructure: Infrastructure,
): Promise<TemplateCheck> {
  const { templates, catalogue } = resolver.places;
  const records = await readApplied(infrastructure.path);
  const found: Template[] = [];
  const applied = [];
  for (const { name, version } of records) {
    const template = await templates.find(name);
    if (template === undefined) {
      applied.push({ name, version, missing: true as const });
      continue;
    }
    found.push(template);
    const available = template.metadata.template.version;
    applied.push({ name, version, ...(compareVersions(version, available) < 0 ? { available } : {}) });
  }
  const resolutions = new Map<string, Resolution>();
  const problems: string[] = [];
  for (const target of new Set(found.flatMap(({ metadata }) => metadata.template.targets))) {
    const [kind, name] = target.split(':') as [ExtensionKind, string];
    try {
      resolutions.set(target, await resolver.resolve(kind, name));
    } catch (error) {
      problems.push(...messages(error));
    }
  }
  const conflicts = (await templateConflicts(templates, records)).filter(({ target, key }) => {
    const leaf = resolutions.get(target)?.provenance.find(({ path }) => path === key);
    return leaf?.layer !== 'infrastructure' && leaf?.layer !== 'runtime';
  });
  const unmet: string[] = [];
  for (const { metadata } of found) {
    for (const name of metadata.requirements.required_taskservs) {
      if ((await catalogue.find('taskserv', name)) === undefined)
        unmet.push(`taskserv ${name} is not available`);
    }
  }
  const configuration: TemplateCheckLine[] = [
    line('All required fields present', problems),
    line(
      'No conflicting settings',
      conflicts.map(
        ({ target, key, values }) =>
          `${target} ${key}: ${values.map(({ template }) => template).join(' and ')}`,
      ),
    ),
    line('Dependencies satisfied', unmet),
  ];
  const compliance = found.flatMap((template) => complianceOf(template, resolutions));
  const all = [...configuration, ...compliance];
  return {
    infra: infrastructure.name,
    valid: all.every(({ ok }) => ok) && applied.every((entry) => !('missing' in entry)),
    applied,
    configuration,
    compliance,
  };
}

function complianceOf(
  { metadata }: Template,
  resolutions: ReadonlyMap<string, Resolution>,
): TemplateCheckLine[] {
  return metadata.tags.features.flatMap((feature) => {
    const promise = features[feature];
    if (promise === undefined) return [];
    const ok = metadata.template.targets.some((target) =>
      promise.keys.some((key) => isSet(valueAt(resolutions.get(target)?.config, key.split('.')))),
    );
    return [
      { label: promise.label, ok, ...(ok ? {} : { details: [`${promise.keys.join(' or ')} is not set`] }) },
    ];
  });
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false;
  if (typeof value === 'object') return Object.keys(value).length > 0;
  return true;
}

function line(label: string, details: readonly string[]): TemplateCheckLine {
  return { label, ok: details.length === 0, ...(details.length === 0 ? {} : { details }) };
}

function messages(error: unknown): string[] {
  const failure = ProvisioningError.from(error);
  return failure.issues.length > 0 ? failure.issues.map(({ message }) => message) : [failure.message];
}
