import { access, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mainFile } from '../config/definition-formats.ts';
import { workspaceFiles } from './generated-files.ts';
import { ignored, listInfrastructures, workspaceDirectories } from './layout.ts';
import { minimal } from './templates/minimal.ts';

/** One step of a migration; idempotent, so that a repeated run is safe. */
export interface MigrationStep {
  readonly name: string;
  /** Version of the system from which on workspaces must have taken the step. */
  readonly to: string;
  /** Commands that change something are refused until the step is done. */
  readonly breaking: boolean;
  apply(workspace: { readonly name: string; readonly path: string }): Promise<void>;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Registered steps in the order they are applied (03 §9). */
export const migrationSteps: readonly MigrationStep[] = [
  {
    name: 'directories',
    to: '0.1.0',
    breaking: false,
    async apply({ path: root }) {
      for (const directory of workspaceDirectories)
        await mkdir(path.join(root, directory), { recursive: true, mode: 0o700 });
    },
  },
  {
    name: 'main file',
    to: '0.1.0',
    breaking: true,
    async apply({ name, path: root }) {
      if (mainFile(root) !== undefined) return;
      for (const older of ['provisioning.toml', 'config.project.toml']) {
        const file = path.join(root, older);
        if (!(await exists(file))) continue;
        await rename(file, path.join(root, 'config', 'provisioning.toml'));
        return;
      }
      const files = workspaceFiles({
        name,
        path: root,
        description: '',
        infra: (await listInfrastructures(root))[0],
        providers: ['local'],
        template: minimal,
        created: new Date().toISOString(),
        version: '0.1.0',
        dependency: 'workspace-home',
      });
      await writeFile(path.join(root, 'config', 'provisioning.toml'), files['config/provisioning.toml']!, {
        mode: 0o600,
      });
    },
  },
  {
    name: 'module layout',
    to: '0.1.0',
    breaking: true,
    async apply({ path: root }) {
      for (const infra of await listInfrastructures(root)) {
        const folder = path.join(root, 'infra', infra);
        await moveInside(path.join(folder, 'task-servs'), path.join(folder, 'taskservs'));
        await rm(path.join(folder, 'kcl.mod'), { force: true });
        await rm(path.join(folder, 'kcl.mod.lock'), { force: true });
      }
    },
  },
  {
    name: 'ignored files',
    to: '0.1.0',
    breaking: false,
    async apply({ path: root }) {
      const file = path.join(root, '.gitignore');
      const before = await readFile(file, 'utf8').catch(() => '');
      const lines = new Set(before.split('\n').map((line) => line.trim()));
      const missing = ignored.filter((line) => !lines.has(line));
      if (missing.length === 0) return;
      const text = `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`;
      await writeFile(file, text);
    },
  },
];

/** Moves what a folder holds into another; what the other already has stays. */
async function moveInside(from: string, to: string): Promise<void> {
  const names = await readdir(from).catch(() => undefined);
  if (names === undefined) return;
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const target = path.join(to, name);
    if (!(await exists(target))) await rename(path.join(from, name), target);
  }
  if ((await readdir(from)).length === 0) await rm(from, { recursive: true });
}
