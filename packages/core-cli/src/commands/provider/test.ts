import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openProviders } from '../../session/providers.ts';

interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly message: string;
}

export default class ProviderTest extends ProvisioningCommand {
  static override summary = 'Try the configuration, the connection and the catalogue of a provider';
  static override description =
    'basic: configuration, connection, catalogue. full: also the list of servers. Nothing is changed.';
  static override spec: CommandSpec = { access: 'r', workspace: false };
  static override examples = [
    'provisioning provider test aws',
    'provisioning provider test hetzner --test-type full',
  ];
  static override args = { provider: argument({ required: true, description: 'name' }) };
  static override flags = { 'test-type': string({ description: 'basic or full', default: 'basic' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderTest);
    const type = flags['test-type'];
    if (type !== 'basic' && type !== 'full') {
      throw new ProvisioningError({
        code: 'UNKNOWN_TEST_TYPE',
        kind: 'usage',
        message: `Unknown test type: ${type}`,
        hint: 'Test types are basic and full.',
      });
    }
    await using session = await openProviders(this);
    const provider = await session.project.provider(args.provider);
    // Missing credentials are told as such, exit 4: nothing else can be tried without them.
    const { errors } = await provider.validateConfig({ online: false });
    if (errors.some(({ code }) => code === 'MISSING_CREDENTIAL'))
      await provider.listServers({ signal: this.signal });
    const checks: Check[] = [
      {
        check: 'configuration',
        ok: errors.length === 0,
        message: errors.map(({ message }) => message).join('; ') || 'valid',
      },
    ];
    const connection = await provider.testConnection();
    checks.push({
      check: 'connection',
      ok: connection.success,
      message: connection.success ? connection.message : `${connection.message}: ${connection.error ?? ''}`,
    });
    if (connection.success) {
      const [plans, zones, images] = await Promise.all([
        provider.listPlans(),
        provider.listZones(),
        provider.listImages(),
      ]);
      checks.push({
        check: 'catalogue',
        ok: zones.length > 0,
        message: `${plans.length} plans, ${zones.length} zones, ${images.length} images`,
      });
      if (type === 'full') {
        const servers = await provider.listServers({ signal: this.signal });
        checks.push({ check: 'servers', ok: true, message: `${servers.length} of this infrastructure` });
      }
    }
    const success = checks.every(({ ok }) => ok);
    const { style } = this.out;
    await this.out.result({ provider: args.provider, test_type: type, success, checks }, () =>
      checks.map(
        ({ ok, check, message }) =>
          `${style.mark(ok ? 'ok' : 'error')} ${check === 'connection' ? message : `${check}: ${message}`}`,
      ),
    );
    if (!success) this.exitCode = 1;
  }
}
