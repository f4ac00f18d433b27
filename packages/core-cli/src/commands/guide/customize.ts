import { GuideCommand, guideFlags } from '../../guide/command.ts';

export default class GuideCustomize extends GuideCommand {
  static override summary = 'Guide: layers, environments, own taskservs and templates';
  static override examples = ['provisioning guide customize', 'provisioning guide customize --list-sections'];
  static override flags = guideFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(GuideCustomize);
    await this.showGuide('customize', flags);
  }
}
