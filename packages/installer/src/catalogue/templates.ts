import type { InstallerConfiguration } from '@provisioning/extensions-sdk';

export interface Template {
  readonly description: string;
  readonly configuration: InstallerConfiguration;
}

type Installation = NonNullable<InstallerConfiguration['installation']>;

const template = (
  description: string,
  installation: Installation,
  [cpu, memory, disk]: readonly [number, number, number],
): Template => ({ description, configuration: { installation, resources: { cpu, memory, disk } } });

/** Starting points (S:38696-38702). */
export const templates: Readonly<Record<string, Template>> = {
  'solo-dev': template('One developer on one machine', { mode: 'solo' }, [2000, 4096, 50]),
  'team-test': template(
    'A team with a Git forge and DNS of its own',
    { mode: 'multiuser', platform: 'docker' },
    [4000, 8192, 100],
  ),
  'cicd-pipeline': template(
    'Services for the time of a pipeline',
    { mode: 'cicd', platform: 'docker' },
    [8000, 16_384, 100],
  ),
  'enterprise-prod': template(
    'Everything, watched and audited',
    { mode: 'enterprise', platform: 'kubernetes' },
    [16_000, 32_768, 500],
  ),
  'kubernetes-ha': template(
    'Everything on Kubernetes, for a large cluster',
    { mode: 'enterprise', platform: 'kubernetes' },
    [32_000, 65_536, 1000],
  ),
  multicloud: template(
    'A team that works with several clouds',
    { mode: 'multiuser', provider: 'upcloud', platform: 'docker' },
    [8000, 16_384, 200],
  ),
};
