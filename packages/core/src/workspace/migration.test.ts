import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { backupWorkspace, listBackups, restoreWorkspace } from './backup.ts';
import { compatibilityOf, requireCompatible } from './compatibility.ts';
import { metadataFile, readMetadata } from './metadata.ts';
import { migrateWorkspace } from './migrate.ts';
import { migrationSteps } from './migration-steps.ts';
import { at, fingerprint, home, made, surroundings, useWorkspace, version } from './workspace.fixture.ts';

useWorkspace();

describe('versions and migration', () => {
  const workspace = (): { name: string; path: string } => ({ name: 'demo', path: made.path });

  test('03.A10 a newer minor version refuses changes; a newer patch and an older version run', async () => {
    const metadata = (await readMetadata(made.path))!;
    const of = (provisioning: string): ReturnType<typeof compatibilityOf> =>
      compatibilityOf({ ...metadata, version: { ...metadata.version, provisioning } }, '0.2.1', 'demo');
    expect(of('0.2.1').reason).toBe('version_match');
    expect(of('0.2.2')).toMatchObject({ reason: 'patch_newer', compatible: true });
    expect(of('0.1.0')).toMatchObject({ reason: 'migration_available', compatible: true });
    expect(of('0.0.9')).toMatchObject({ reason: 'migration_required', compatible: false });
    expect(of('0.3.0')).toMatchObject({ reason: 'workspace_too_new', compatible: false });
    await writeFile(
      metadataFile(made.path),
      (await readFile(metadataFile(made.path), 'utf8')).replace('provisioning: 0.1.0', 'provisioning: 0.2.0'),
    );
    await expect(requireCompatible(workspace(), version)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('is newer than system'),
    });
  });

  test('03.A11 migration writes metadata after a backup; a failing step restores byte for byte', async () => {
    await rm(metadataFile(made.path));
    await expect(requireCompatible(workspace(), version)).rejects.toMatchObject({
      message: expect.stringContaining('metadata not found'),
    });
    const lines: string[] = [];
    const result = await migrateWorkspace({
      surroundings,
      workspace: workspace(),
      version,
      report: (line) => lines.push(line),
    });
    expect(result).toMatchObject({ status: 'migrated', plan: { type: 'metadata_initialization' } });
    expect((await readMetadata(made.path))?.migration_history).toMatchObject([
      { success: true, to_version: version },
    ]);
    expect(lines[0]).toMatch(/^Backup created: /);
    expect((await migrateWorkspace({ surroundings, workspace: workspace(), version })).status).toBe(
      'up-to-date',
    );

    const ignore = ['.workspace_backups', '.provisioning/locks'];
    const before = await fingerprint(made.path, ignore);
    const broken = {
      name: 'broken',
      to: '0.2.0',
      breaking: false,
      async apply(): Promise<void> {
        await rm(at('infra'), { recursive: true });
        throw new Error('on purpose');
      },
    };
    await expect(
      migrateWorkspace({
        surroundings,
        workspace: workspace(),
        version: '0.2.0',
        steps: [...migrationSteps, broken],
      }),
    ).rejects.toMatchObject({
      exitCode: 1,
      message: 'Migration failed: broken: on purpose',
      hint: expect.stringContaining('restored'),
    });
    expect(await fingerprint(made.path, ignore)).toBe(before);
  });
});

describe('backups', () => {
  test('03.A12 a damaged archive changes nothing; a good one brings everything back', async () => {
    const { file, files } = await backupWorkspace({
      surroundings,
      workspace: { name: 'demo', path: made.path },
      version,
    });
    expect(files).toContain('infra/demo/servers.toml');
    expect(files.some((name) => name.startsWith('secrets/'))).toBe(false);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(at('infra/demo/servers.toml'), '# changed\n');
    const bytes = await readFile(file);
    const truncated = path.join(home, 'broken.tar.gz');
    await writeFile(truncated, bytes.subarray(0, bytes.length / 2));
    const before = await fingerprint(made.path, ['.provisioning/locks']);
    await expect(restoreWorkspace({ surroundings, version, backup: truncated })).rejects.toMatchObject({
      message: `Backup is damaged: ${truncated}`,
      exitCode: 1,
    });
    expect(await fingerprint(made.path, ['.provisioning/locks'])).toBe(before);
    const restored = await restoreWorkspace({ surroundings, version, backup: file });
    expect(await readFile(at('infra/demo/servers.toml'), 'utf8')).toContain('db-01');
    expect(restored.previous).toContain('.workspace_backups');
    expect((await listBackups(made.path)).map(({ reason }) => reason).sort()).toEqual([
      'manual',
      'pre_restore',
    ]);
  });
});
