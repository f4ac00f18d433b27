import type { CommandSpec } from '../../frame/metadata.ts';
import { boolean } from '@oclif/core/flags';
import WorkflowMonitor from '../workflow/monitor.ts';

export default class BatchMonitor extends WorkflowMonitor {
  static override summary = 'Watch a batch until it ends';
  static override spec: CommandSpec = { access: '-', workspace: false };
  static override examples = ['provisioning batch monitor 0195e3a0'];
  static override flags = {
    ...WorkflowMonitor.flags,
    follow: boolean({ description: 'until it ends; the default' }),
  };
  protected override readonly kind = 'batch';
}
