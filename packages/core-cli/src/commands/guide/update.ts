import { GuideCommand, guideFlags } from '../../guide/command.ts';

export default class GuideUpdate extends GuideCommand {
  static override summary = 'Guide: change what is running';
  static override examples = ['provisioning guide update', 'provisioning guide update --list-sections'];
  static override flags = guideFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(GuideUpdate);
    await this.showGuide('update', flags);
  }
}
