import { string as argument } from '@oclif/core/args';
import { boolean, string } from '@oclif/core/flags';
import { resolve } from 'node:path';
import { extensionFolders, publishMany } from '@provisioning/distribution';
import { checkedFolders } from '../../extension/require-valid.ts';
import { ProvisioningCommand } from '../../frame/command.ts';
import type { CommandSpec } from '../../frame/metadata.ts';
import { registryFlags } from '../../oci/flags.ts';
import { openArtifacts } from '../../oci/session.ts';
import { snakeKeys } from '../../output/snake-keys.ts';

export default class OciPublish extends ProvisioningCommand {
  static override summary = 'Check, pack and push one or many extensions';
  static override spec: CommandSpec = { access: 'w', workspace: false, sideEffect: 'create', slow: true };
  static override examples = [
    'provisioning oci publish ./redis',
    'provisioning oci publish --all ./extensions --dry-run',
  ];
  static override args = {
    paths: argument({ multiple: true, description: 'folders or archives of extensions' }),
  };
  static override flags = {
    ...registryFlags,
    all: string({ description: 'every extension below this folder' }),
    sign: boolean({ description: 'sign them too' }),
    'dry-run': boolean({ description: 'pack and compare, push nothing' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(OciPublish);
    await using session = await openArtifacts(this, flags);
    const { cwd } = this.runtime;
    const paths = [...(args.paths ?? []).map((path) => resolve(cwd, path))];
    if (flags.all !== undefined) paths.push(...(await extensionFolders(resolve(cwd, flags.all))));
    const results = await publishMany(session.artifacts, paths, {
      sign: flags.sign,
      check: this.globals.check || flags['dry-run'],
      ...checkedFolders(),
    });
    await this.out.list(
      results,
      [
        { title: 'path', value: ({ path }) => path },
        { title: 'reference', value: ({ reference }) => reference ?? '' },
        { title: 'state', value: ({ state }) => state },
        { title: 'error', value: ({ error }) => error ?? '' },
      ],
      'extensions',
      snakeKeys,
    );
    if (results.some(({ state }) => state === 'failed')) this.exitCode = 1;
  }
}
