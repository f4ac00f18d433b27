import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { type ComponentName, componentNames, install, installedVersion } from '@provisioning/distribution';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { ProvisioningCommand } from '../frame/command.ts';
import type { CommandSpec } from '../frame/metadata.ts';
import { changeOptions, type Installation, openInstallation } from '../installation/session.ts';

export default class Install extends ProvisioningCommand {
  static override summary = 'Add a component to this installation';
  static override description = `Components: ${componentNames.join(', ')}; name@version takes an exact version.`;
  static override spec: CommandSpec = { access: 'l', workspace: false, sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning install platform',
    'provisioning install extensions@3.2.1 --check',
  ];
  static override args = {
    component: argument({ required: true, description: 'component, with @version for an exact one' }),
  };
  static override flags = {
    prefix: string({ description: 'installation; default the one this program belongs to' }),
    'require-signature': boolean({ description: 'refuse releases without a valid signature' }),
    force: boolean({ description: 'also a version that was withdrawn' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Install);
    const [name = '', version] = args.component.split('@');
    if (!(componentNames as readonly string[]).includes(name)) {
      throw new ProvisioningError({
        code: 'INVALID_ARGUMENT',
        kind: 'usage',
        message: `Unknown component: ${name}. Valid: ${componentNames.join(', ')}`,
        hint: 'Extensions are installed with: provisioning extension install <name>',
      });
    }
    const installation = await openInstallation(this, flags.prefix);
    const wanted = version ?? (await sameAsInstalled(installation, name));
    const today = new Date(this.runtime.now()).toISOString().slice(0, 10);
    const result = await install({
      ...changeOptions(this, installation),
      selection: {
        components: [name as ComponentName],
        today,
        force: flags.force,
        ...(wanted === undefined ? {} : { version: wanted }),
      },
      requireSignature: flags['require-signature'],
      replaceOther: this.globals.yes,
      dryRun: this.globals.check,
    });
    const text = { installed: 'Installed', already: 'Already installed:', planned: 'Would install' }[
      result.state
    ];
    const mark = result.state === 'installed' ? `${this.out.style.mark('ok')} ` : '';
    await this.out.result(result, () => [`${mark}${text} ${name} ${result.version}`]);
  }
}

/** The version that is installed, where the component was released with it: those two were built together. */
async function sameAsInstalled(
  { receipt, releases }: Installation,
  component: string,
): Promise<string | undefined> {
  if (receipt === undefined) return undefined;
  const own = installedVersion(receipt);
  return Object.hasOwn((await releases.index()).lines[component]?.versions ?? {}, own) ? own : undefined;
}
