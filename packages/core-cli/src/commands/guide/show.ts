import { string as argument } from '@oclif/core/args';
import { GuideCommand, guideFlags } from '../../guide/command.ts';

export default class GuideShow extends GuideCommand {
  static override summary = 'Show a guide';
  static override examples = [
    'provisioning guide from-scratch',
    'provisioning guide update --section 2',
    'provisioning guide update --set infra=prod --copy 3',
  ];
  static override args = { guide: argument({ required: true, description: 'name of the guide' }) };
  static override flags = guideFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GuideShow);
    await this.showGuide(args.guide, flags);
  }
}
