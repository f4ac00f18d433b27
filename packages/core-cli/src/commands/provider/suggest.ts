import { boolean, string } from '@oclif/core/flags';
import { suggestDeploymentStrategy } from '@provisioning/core';
import type { ProviderCapabilities } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';
import { openProviders } from '../../session/providers.ts';

const words = (text: string | undefined) =>
  (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

export default class ProviderSuggest extends ProvisioningCommand {
  static override summary = 'Suggest providers and zones for regions, availability, cost and compliance';
  static override description = 'With --infra the servers of that infrastructure are priced and placed.';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = [
    'provisioning providers suggest --regions de,us --ha',
    'provisioning providers suggest --compliance SOC2 --cost-optimization --out json',
  ];
  static override flags = {
    regions: string({ description: 'zones, countries or continents, by commas' }),
    ha: boolean({ description: 'at least two zones' }),
    'cost-optimization': boolean({ description: 'the price counts most' }),
    capability: string({ description: 'what the provider must be able to do', multiple: true }),
    compliance: string({ description: 'certification it must have', multiple: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ProviderSuggest);
    await using session = await openProviders(this);
    const { facts, warnings } = await session.registry.facts();
    const strategy = suggestDeploymentStrategy(
      {
        regions: words(flags.regions),
        high_availability: flags.ha,
        cost_optimization: flags['cost-optimization'],
        capabilities: (flags.capability ?? []).flatMap(words) as (keyof ProviderCapabilities)[],
        compliance: (flags.compliance ?? []).flatMap(words),
        servers: await this.#servers(),
      },
      facts,
    );
    const all = { ...strategy, warnings: [...strategy.warnings, ...warnings] };
    const { style } = this.out;
    await this.out.result(all, () => [
      ...all.recommendations.map(
        ({ provider, score, zones, reasons }) =>
          `${style.strong(provider)}  ${score}/100  ${zones.slice(0, 6).join(', ')}${zones.length > 6 ? ' …' : ''}  (${reasons.join('; ')})`,
      ),
      ...Object.entries(all.placement).map(([host, { provider, zone }]) => `  ${host} → ${provider} ${zone}`),
      ...(all.recommendations.length === 0 ? [`${style.mark('error')} No provider fits`] : []),
    ]);
    for (const warning of all.warnings) this.out.warn(warning);
    if (all.recommendations.length === 0) this.exitCode = 1;
  }

  async #servers() {
    if (this.globals.infra === undefined) return [];
    await using session = await openInfrastructure(this);
    return session.infrastructure.servers.map(({ hostname, cores, memory, plan, taskservs }) => ({
      hostname,
      cores,
      memory,
      plan,
      control_plane: taskservs.some(({ name, profile }) => name === 'kubernetes' && profile !== 'worker'),
    }));
  }
}
