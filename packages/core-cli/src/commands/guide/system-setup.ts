import { GuideCommand, guideFlags } from '../../guide/command.ts';

export default class GuideSystemSetup extends GuideCommand {
  static override summary = 'Guide: set up the program on a machine';
  static override examples = [
    'provisioning guide system-setup',
    'provisioning guide system-setup --list-sections',
  ];
  static override flags = guideFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(GuideSystemSetup);
    await this.showGuide('system-setup', flags);
  }
}
