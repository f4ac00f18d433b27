import { GuideCommand, guideFlags } from '../../guide/command.ts';

export default class GuideQuickstart extends GuideCommand {
  static override summary = 'Guide: all short forms and the everyday commands';
  static override examples = [
    'provisioning guide quickstart',
    'provisioning guide quickstart --list-sections',
  ];
  static override flags = guideFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(GuideQuickstart);
    await this.showGuide('quickstart', flags);
  }
}
