import { string as argument } from '@oclif/core/args';
import { string } from '@oclif/core/flags';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { type ProviderCheck as Check, integrationChecks } from '../../provider/integration.ts';
import { openProviders } from '../../session/providers.ts';

export default class ProviderTest extends ProvisioningCommand {
  static override summary = 'Try the configuration, the connection and the catalogue of a provider';
  static override description =
    'basic: configuration, connection, catalogue. full: also the list of servers. Both change nothing. integration: creates\nthe smallest server, asks for it and deletes it; the cost is shown before.';
  static override spec: CommandSpec = { access: 'r', workspace: false, slow: true };
  static override examples = [
    'provisioning provider test aws',
    'provisioning provider test hetzner --test-type full',
    'provisioning provider test local --test-type integration --yes',
  ];
  static override args = { provider: argument({ required: true, description: 'name' }) };
  static override flags = {
    'test-type': string({ description: 'basic, full or integration', default: 'basic' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProviderTest);
    const type = flags['test-type'];
    if (type !== 'basic' && type !== 'full' && type !== 'integration') {
      throw new ProvisioningError({
        code: 'UNKNOWN_TEST_TYPE',
        kind: 'usage',
        message: `Unknown test type: ${type}`,
        hint: 'Test types are basic, full and integration.',
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
      ...(connection.help === undefined ? {} : { hint: connection.help }),
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
      if (type !== 'basic') {
        const servers = await provider.listServers({ signal: this.signal });
        checks.push({ check: 'servers', ok: true, message: `${servers.length} of this infrastructure` });
      }
      if (type === 'integration') checks.push(...(await integrationChecks(this, session, args.provider)));
    }
    const success = checks.every(({ ok }) => ok);
    const { style } = this.out;
    await this.out.result({ provider: args.provider, test_type: type, success, checks }, () =>
      checks.flatMap(({ ok, check, message, hint }) => [
        `${style.mark(ok ? 'ok' : 'error')} ${check === 'connection' ? message : `${check}: ${message}`}`,
        ...(hint === undefined ? [] : [`  -> ${hint}`]),
      ]),
    );
    if (!success) this.exitCode = connection.code === 'auth' ? 4 : 1;
  }
}
