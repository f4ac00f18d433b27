import { boolean, string } from '@oclif/core/flags';
import { rollback, upgrade, type UpgradeOptions, type UpgradeResult } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { renderError } from '../errors/render.ts';
import { changeOptions, configurationValid, openInstallation, servicesOf } from '../installation/session.ts';

export default class Upgrade extends ProvisioningCommand {
  static override summary = 'Bring this installation to another version, or back to the one before';
  static override description =
    'Everything is downloaded, verified and unpacked first. When anything fails afterwards, the version that was there and its services are put back.';
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'update', slow: true };
  static override examples = [
    'provisioning upgrade --check',
    'provisioning upgrade --yes',
    'provisioning upgrade --version 3.2.1',
    'provisioning upgrade --rollback',
  ];
  static override flags = {
    version: string({ description: 'a version instead of the latest' }),
    bundle: string({ description: 'a tested set of versions' }),
    prefix: string({ description: 'installation; default the one this program belongs to' }),
    'allow-downgrade': boolean({ description: 'also an older version' }),
    'require-signature': boolean({ description: 'refuse releases without a valid signature' }),
    force: boolean({ description: 'also a version that was withdrawn' }),
    rollback: boolean({ description: 'back to the version before the last upgrade' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Upgrade);
    const installation = await openInstallation(this, flags.prefix);
    const { prefix } = installation;
    const wasValid = this.globals.check ? undefined : await configurationValid(this, prefix);
    const options: UpgradeOptions = {
      ...changeOptions(this, installation),
      ...(flags.version === undefined ? {} : { version: flags.version }),
      ...(flags.bundle === undefined ? {} : { bundle: flags.bundle }),
      allowDowngrade: flags['allow-downgrade'],
      requireSignature: flags['require-signature'],
      force: flags.force,
      check: this.globals.check,
      services: servicesOf(this, prefix),
      confirm: (from, to) => this.confirm(`Upgrade ${prefix} from ${from} to ${to}?`),
      inspect: async () => {
        if (wasValid !== true || (await configurationValid(this, prefix)) !== false) return;
        throw new ProvisioningError({
          code: 'CONFIGURATION_REFUSED',
          message: 'the new version does not accept the configuration: provisioning validate config',
        });
      },
    };
    try {
      await this.#print(await (flags.rollback ? rollback(options) : upgrade(options)));
    } catch (thrown) {
      const error = ProvisioningError.from(thrown);
      if (error.code !== 'UPGRADE_FAILED') throw thrown;
      // Also after Ctrl-C: the old version is back, which is a failure of the upgrade and not an open end.
      const machine = this.out.machine;
      this.runtime.stderr.write(
        renderError(error, { style: this.out.errorStyle, machine, debug: this.globals.debug }),
      );
      this.exitCode = error.exitCode;
    }
  }

  async #print(result: UpgradeResult): Promise<void> {
    const { state, from, to, changes } = result;
    const rows = changes.map((change) => `  ${change.component}: ${change.from} → ${change.to}`);
    await this.out.result(result, () => {
      if (state === 'already') return ['Already at latest version'];
      if (state === 'planned') return [`Would change ${from} to ${to}:`, ...rows];
      const done = state === 'upgraded' ? `Upgraded to ${to}` : `Back at ${to}`;
      // No hint through `next`: it loads code, and the code that is there now belongs to the other version.
      const back = `  provisioning upgrade --rollback goes back to ${from}`;
      return [...rows, `${this.out.style.mark('ok')} ${done}`, ...(state === 'upgraded' ? [back] : [])];
    });
  }
}
