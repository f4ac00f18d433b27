import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { CommandSpec } from '../../frame/metadata.ts';
import { newestVersion } from '../../installation/session.ts';
import VersionUpdates, { statusOf, type VersionRow } from './updates.ts';

export default class VersionCheck extends VersionUpdates {
  static override summary = 'List the versions of this program and of everything that was installed';
  static override description =
    'How far each is behind. The newest version is unknown where nobody can be asked.';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning version check', 'provisioning version check --security-only'];

  override async run(): Promise<void> {
    const { flags } = await this.parse(VersionCheck);
    const [product, taskservs] = await Promise.all([this.#product(), this.taskservs(flags['security-only'])]);
    await this.list([product, ...taskservs]);
  }

  async #product(): Promise<VersionRow> {
    const row = { component: 'provisioning', server: null, days_old: null };
    const { version } = this.host.catalogue;
    try {
      const { current, latest, newer } = await newestVersion(this);
      return { ...row, current, latest, status: statusOf(current, latest, newer) };
    } catch (error) {
      this.out.warn(unknownBecause(ProvisioningError.from(error)));
      return { ...row, current: version, latest: 'unknown', status: 'unknown' };
    }
  }
}

/** Why nobody knows the newest version of this program, and how to come to know it. */
function unknownBecause({ code, message, hint }: ProvisioningError): string {
  const what = `The newest version of provisioning is unknown: ${message}`;
  // Who else brought this program knows which is the newest; releases of one's own are asked where they are named.
  if (code === 'MANAGED_ELSEWHERE')
    return `${what}. Set PROVISIONING_RELEASES_URL to where releases are, or update with: ${hint?.split('   ')[0]}`;
  return hint === undefined ? what : `${what}. To find out: ${hint}`;
}
