import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadInfrastructure } from '../infra/load.ts';
import { freezeWorkspace } from './freeze.ts';
import { listFrozen, openFrozen, removeFrozen, verifyFrozen } from './frozen.ts';
import { at, home, made, surroundings, useWorkspace, version } from './workspace.fixture.ts';

useWorkspace();

describe('freeze', () => {
  test('03.A13 a frozen version plans the same without what it was made from; a changed byte is refused', async () => {
    const shared = path.join(home, 'shared');
    await mkdir(shared);
    await writeFile(path.join(shared, 'sizes.ts'), 'export const memory = 512;\n');
    await rm(at('infra/demo/servers.toml'));
    await writeFile(
      at('infra/demo/servers.ts'),
      "import { memory } from '../../../../shared/sizes.ts';\nexport default [{ hostname: 'a', memory, taskservs: ['os'] }];\n",
    );
    await mkdir(path.join(home, 'extensions/os'), { recursive: true });
    await writeFile(path.join(home, 'extensions/os/manifest.yaml'), 'name: os\n');
    const record = (type: string, name: string): never =>
      ({
        name,
        type,
        version: '1.0.0',
        category: '',
        description: '',
        path: path.join(home, 'extensions/os'),
        layer: 'core',
        manifest: {},
      }) as never;
    const extensions = (type: string, name: string): Promise<never[]> =>
      Promise.resolve([record(type, name)]);
    const workspace = { name: 'demo', path: made.path };
    const manifest = await freezeWorkspace({
      surroundings,
      workspace,
      version: 'v1',
      systemVersion: version,
      extensions,
    });
    expect(manifest).toMatchObject({
      version: 'v1',
      infras: ['demo'],
      extensions: [{ name: 'local' }, { name: 'os' }],
    });
    const live = await loadInfrastructure({ workspacePath: made.path, infra: 'demo', surroundings });
    await rm(shared, { recursive: true });
    await rm(path.join(home, 'extensions'), { recursive: true });
    const frozen = await openFrozen(surroundings, workspace, 'v1', 'demo');
    expect(frozen.infrastructure.servers).toEqual(live.servers);
    expect(await stat(path.join(frozen.extensionsPath, 'taskservs/os/manifest.yaml'))).toBeDefined();
    await expect(
      freezeWorkspace({ surroundings, workspace, version: 'v1', systemVersion: version, extensions }),
    ).rejects.toMatchObject({ message: "Frozen version 'v1' already exists", exitCode: 1 });
    expect(await listFrozen(made.path)).toHaveLength(1);
    const victim = at('.frozen/v1/workspace/infra/demo/settings.toml');
    await chmod(victim, 0o600);
    await writeFile(victim, `${await readFile(victim, 'utf8')} `);
    await expect(verifyFrozen(made.path, 'v1')).rejects.toMatchObject({
      exitCode: 1,
      message: "Frozen version 'v1' was modified: workspace/infra/demo/settings.toml",
    });
    await expect(verifyFrozen(made.path, 'v9')).rejects.toMatchObject({ exitCode: 5 });
    await removeFrozen(made.path, 'v1', { force: true });
    expect(await listFrozen(made.path)).toEqual([]);
  });
});
