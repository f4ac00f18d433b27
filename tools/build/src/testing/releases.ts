import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packRuntime } from '../installers/runtime.ts';
import { setupName } from '../installers/setup.ts';
import { buildLines } from '../lines/build-lines.ts';
import { writeChecksums } from '../lines/checksums.ts';
import { archiveName, type LineName, lineFolder } from '../lines/line.ts';
import { releasePlatform } from '@provisioning/distribution';
import { root, runProgram } from './process.ts';

const built = '9.9.9';
/** Versions made for a test live for seconds. */
const fast = ['--use-compress-program', 'gzip -1'];

/** Programs that show a line's version, from its folder. */
const programs: Readonly<Partial<Record<LineName, readonly string[]>>> = {
  core: ['cli'],
  platform: ['orchestrator', 'extension-registry', 'installer'],
};

/** Other people's packages that only cloud providers load. */
const cloudKits = ['@aws-sdk', '@smithy'];

/** A folder of releases made from one real build: other versions of it, and broken ones. */
export class ReleaseFolder {
  readonly folder: string;
  readonly base: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.base = join(folder, 'releases');
  }

  /** @param options.small leaves out what no test here uses, so that versions are packed and unpacked faster. */
  static async make(
    lines: readonly LineName[],
    options: { readonly small?: boolean } = {},
  ): Promise<ReleaseFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-releases-'));
    await buildLines({
      root,
      lines,
      version: built,
      outputDir: join(folder, 'built'),
      environment: { SOURCE_DATE_EPOCH: '1700000000' },
      say: () => undefined,
    });
    for (const line of lines) {
      const tree = join(folder, `tree-${line}`);
      mkdirSync(tree);
      const archive = join(folder, 'built', archiveName({ name: line, version: built }));
      await mustRun('tar', ['xzf', archive, '-C', tree]);
      for (const name of options.small === true ? cloudKits : [])
        rmSync(join(tree, lineFolder[line], 'node_modules', name), { recursive: true, force: true });
    }
    return new ReleaseFolder(folder);
  }

  /**
   * Publishes a version of a line.
   * @param alter changes its files before they are packed; it gets the folder that becomes the prefix.
   */
  async publish(
    line: LineName,
    version: string,
    options: { readonly compatibility?: string; readonly alter?: (tree: string) => void } = {},
  ): Promise<void> {
    const tree = join(this.folder, `tree-${line}-${version}`);
    await mustRun('cp', ['-a', join(this.folder, `tree-${line}`), tree]);
    const inLine = join(tree, lineFolder[line]);
    replaceVersion(join(inLine, 'line.json'), version);
    for (const name of programs[line] ?? [])
      replaceVersion(join(inLine, 'node_modules/@provisioning', name, 'package.json'), version);
    if (options.compatibility !== undefined)
      writeFileSync(join(inLine, 'compatibility.toml'), options.compatibility);
    options.alter?.(tree);
    const target = join(this.base, version);
    mkdirSync(target, { recursive: true });
    await mustRun('tar', [
      ...fast,
      '-cf',
      join(target, archiveName({ name: line, version })),
      '-C',
      tree,
      '.',
    ]);
    rmSync(tree, { recursive: true });
    cpSync(join(this.folder, 'built', setupName(built)), join(target, setupName(version)));
    await writeChecksums(target);
  }

  /** Adds this machine's Node.js to a version. */
  async addRuntime(version: string): Promise<void> {
    await packRuntime(root, releasePlatform(), join(this.base, version), 0);
    await writeChecksums(join(this.base, version));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function replaceVersion(file: string, version: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"version": "${built}"`, `"version": "${version}"`));
}

async function mustRun(command: string, words: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(command, words);
  if (code !== 0) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
}
