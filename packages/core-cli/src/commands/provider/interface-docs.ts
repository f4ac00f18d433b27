import { providerFunctions } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';

const byCapability: Readonly<Record<string, string>> = {
  configureFirewall: 'firewall',
  getFirewall: 'firewall',
  network: 'network_management',
  volume: 'storage_management',
  snapshot: 'snapshots',
  loadBalancer: 'load_balancer',
  dns: 'dns_management',
  getQuota: '-',
};

export default class ProviderInterfaceDocs extends ProvisioningCommand {
  static override summary = 'Show the functions a provider has';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning provider interface-docs'];

  async run(): Promise<void> {
    await this.parse(ProviderInterfaceDocs);
    const rows = [
      ...providerFunctions.map((name) => ({ function: name, required: true, capability: '-' })),
      ...Object.entries(byCapability).map(([name, capability]) => ({
        function: name,
        required: false,
        capability,
      })),
    ];
    await this.out.list(
      rows,
      [
        { title: 'FUNCTION', value: (row) => row.function },
        { title: 'REQUIRED', value: (row) => (row.required ? 'yes' : 'no') },
        { title: 'CAPABILITY', value: (row) => row.capability },
      ],
      'functions',
    );
  }
}
