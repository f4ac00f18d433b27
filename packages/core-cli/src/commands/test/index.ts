import { ProvisioningError } from '@provisioning/extensions-sdk';
import TaskservHealth from '../taskserv/health.ts';

export default class Test extends TaskservHealth {
  static override summary = 'Test a taskserv where it is installed; all tests the infrastructure as a whole';
  static override description =
    'Its health checks on every server it is meant for. Exit 1 when one fails, or when it is not installed.';
  static override examples = [
    'provisioning test redis --infra demo',
    'provisioning test kubernetes --servers k8s-master-01',
    'provisioning test all --infra demo',
  ];

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Test);
    if ((args.taskserv ?? []).length > 0 || flags.taskserv !== undefined) return super.run();
    throw new ProvisioningError({
      code: 'MISSING_ARGUMENT',
      kind: 'usage',
      message: 'Missing required argument: taskserv',
      hint: "Name a taskserv, or test everything: 'provisioning test all'.",
    });
  }
}
