import { checkUpdates, planUpdates, taskservManifests, type UpdateCandidate } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { installedFromHere, updateSources } from '../../taskserv/versions.ts';

export default class PlanUpdate extends ProvisioningCommand {
  static override summary = 'Plan the updates of the taskservs of an infrastructure, by risk and dependency';
  static override description =
    'Compares what is installed with what the publishers offer. Changes nothing; the order is the one to update in.';
  static override spec: CommandSpec = { access: '-' };
  static override examples = [
    'provisioning plan update --infra production',
    'provisioning plan update --out json',
  ];

  async run(): Promise<void> {
    await this.parse(PlanUpdate);
    await using session = await openInfrastructure(this);
    const { context, infrastructure, project } = session;
    const manifests = await taskservManifests(project.extensions);
    const installed = await installedFromHere(
      { workspace: context.workspace, infra: context.infra },
      manifests,
    );
    const reports = await checkUpdates(installed, updateSources(this));
    const oldest = new Map<string, UpdateCandidate>();
    for (const {
      service,
      current_version: current,
      latest_version: latest,
      update_available: due,
    } of reports) {
      const known = oldest.get(service);
      if (known !== undefined && known.current !== known.latest) continue;
      const { dependencies = {}, category } = manifests.get(service)!;
      oldest.set(service, {
        name: service,
        current,
        latest: due ? latest : current,
        dependencies: Object.keys(dependencies),
        ...(category === 'databases' ? { critical: true, note: 'may require data migration' } : {}),
      });
    }
    const plan = planUpdates([...oldest.values()]);
    await this.out.result({ infra: infrastructure.name, ...plan }, () =>
      this.#lines(infrastructure.name, plan),
    );
  }

  #lines(infra: string, { phases, order, total_minutes: minutes }: ReturnType<typeof planUpdates>): string[] {
    const { style } = this.out;
    const bullet = style.colour ? '•' : '-';
    if (phases.every(({ updates }) => updates.length === 0)) return ['Nothing was installed from here yet'];
    const risks = new Map(
      phases.flatMap(({ risk, updates }) => updates.map((update) => [update.name, { risk, ...update }])),
    );
    const advice = (name: string): string => {
      const { risk, note } = risks.get(name)!;
      if (note !== undefined) return 'requires maintenance window';
      return risk === 'high' ? 'test in staging first' : 'low risk';
    };
    return [
      style.strong(`Update Plan for ${infra}:`),
      ...phases.flatMap(({ name, updates }) => [
        name,
        ...(updates.length === 0 ? [`  ${bullet} none`] : []),
        ...updates.map(({ name: one, needed, current, latest, minutes: estimated, note }) =>
          needed
            ? `  ${bullet} ${one}: ${current} → ${latest} (estimated ${estimated} minutes${note === undefined ? '' : `, ${note}`})`
            : `  ${bullet} ${one}: No update needed`,
        ),
      ]),
      ...(order.length === 0
        ? ['Everything is up to date']
        : [
            'Recommended Order:',
            ...order.map((name, index) => `  ${index + 1}. Update ${name} (${advice(name)})`),
            `Total Estimated Time: ${minutes} minutes`,
            'Recommended: Test in staging environment first',
          ]),
    ];
  }
}
