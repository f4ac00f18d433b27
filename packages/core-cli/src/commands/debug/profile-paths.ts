import { listInfrastructures } from '@provisioning/core';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { openCatalogue } from '../../session/modules.ts';
import { openWorkspace } from '../../session/workspace.ts';

export default class DebugProfilePaths extends ProvisioningCommand {
  static override summary = 'Measure how long folders take to be found and read';
  static override spec: CommandSpec = { access: '-' };
  static override examples = ['provisioning debug profile-paths'];

  async run(): Promise<void> {
    await this.parse(DebugProfilePaths);
    const rows: { step: string; milliseconds: number; found: number }[] = [];
    const measured = async <T>(
      step: string,
      work: () => Promise<T>,
      count: (value: T) => number,
    ): Promise<T> => {
      const began = performance.now();
      const value = await work();
      const milliseconds = Math.round((performance.now() - began) * 10) / 10;
      rows.push({ step, milliseconds, found: count(value) });
      return value;
    };
    const { selection } = await measured(
      'workspace and configuration',
      () => openWorkspace(this, 'optional'),
      ({ configuration }) => configuration.leaves().length,
    );
    await measured(
      'infrastructures',
      () => listInfrastructures(selection.path),
      ({ length }) => length,
    );
    const place = {
      workspacePath: selection.path,
      ...(selection.infra === undefined ? {} : { infra: selection.infra }),
    };
    for (const refresh of [true, false]) {
      await measured(
        refresh ? 'taskservs, read anew' : 'taskservs, from the cache',
        () => openCatalogue(this, place, refresh).list('taskserv'),
        ({ length }) => length,
      );
    }
    await this.out.list(
      rows,
      [
        { title: 'STEP', value: ({ step }) => step },
        { title: 'FOUND', value: ({ found }) => found, align: 'right' },
        { title: 'MS', value: ({ milliseconds }) => milliseconds, align: 'right' },
      ],
      'steps',
    );
  }
}
