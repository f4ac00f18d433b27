import { GuideCommand, guideFlags } from '../../guide/command.ts';

export default class GuideFromScratch extends GuideCommand {
  static override summary = 'Guide: from an empty machine to running services';
  static override examples = [
    'provisioning guide from-scratch',
    'provisioning guide from-scratch --list-sections',
  ];
  static override flags = guideFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(GuideFromScratch);
    await this.showGuide('from-scratch', flags);
  }
}
