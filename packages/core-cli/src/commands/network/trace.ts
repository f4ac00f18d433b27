import { integer, string } from '@oclif/core/flags';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { traceNetwork } from '../../network/check.ts';
import { definedServer } from '../../server/find.ts';
import { openInfrastructure } from '../../session/infrastructure.ts';

export default class NetworkTrace extends ProvisioningCommand {
  static override summary = 'Show the way from one server to another, and the first rule that blocks it';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning network trace --from web-01 --to db-01 --port 5432'];
  static override flags = {
    from: string({ required: true, description: 'hostname' }),
    to: string({ required: true, description: 'hostname' }),
    port: integer({ description: 'TCP port on the other server', default: 22, min: 1, max: 65_535 }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(NetworkTrace);
    await using session = await openInfrastructure(this);
    const [from, to] = [definedServer(session, flags.from), definedServer(session, flags.to)];
    const trace = await traceNetwork(session, from, to, flags.port);
    const { style } = this.out;
    await this.out.result(trace, () => [
      ...trace.hops.map((hop, index) => `${index + 1}  ${hop}`),
      trace.allowed
        ? `${style.mark('ok')} Port ${trace.port} of ${trace.to} is open to ${trace.from}`
        : `${style.mark('error')} Port ${trace.port} is blocked by ${trace.blocked_by ?? 'its rules'}`,
    ]);
    if (!trace.allowed) this.exitCode = 1;
  }
}
