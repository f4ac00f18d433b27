import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { cleanEverything } from '@provisioning/provider-local/engine';
import { Sandbox } from '../../../packages/core-cli/test/sandbox.ts';
import { isTestedGuide, markdownFiles, runnableBlocks } from './commands.ts';

const guides = join(import.meta.dirname, '../../../docs/guides');
const execute = promisify(execFile);

const tested = markdownFiles(guides).filter(isTestedGuide);

describe.each(tested.map((file) => [file.slice(guides.length + 1), file] as const))('guide %s', (_, file) => {
  let sandbox: Sandbox;

  afterAll(async () => {
    await sandbox.run(['destroy', '--yes', '--direct']);
    await sandbox.run(['orchestrator', 'stop', '--force']);
    await cleanEverything({
      variables: sandbox.environment,
      workspace: { name: 'guided', path: join(sandbox.folder, 'workspaces/guided') },
      images: false,
    });
    await sandbox.remove();
  }, 120_000);

  test('24.A9 runs end to end with the local provider; the outputs match', async () => {
    sandbox = await Sandbox.forServers();
    const fill = (text: string): string =>
      text.replaceAll('{{workspace}}', 'guided').replaceAll('{{infra}}', 'demo');
    const blocks = runnableBlocks(readFileSync(file, 'utf8'));
    expect(blocks.length).toBeGreaterThanOrEqual(5);
    for (const { line, commands, output } of blocks) {
      const script = `provisioning() { '${process.execPath}' '${sandbox.program}' "$@" </dev/null; }\nset -e\n${fill(commands)}`;
      const shown = await execute('bash', ['-c', `exec 2>&1\n${script}`], {
        cwd: sandbox.folder,
        env: sandbox.environment,
        maxBuffer: 1 << 24,
      }).catch((error: { stdout: string }) => {
        throw new Error(`line ${line}: ${fill(commands)}\n${error.stdout}`);
      });
      if (output !== undefined) expect([line, missingLines(fill(output), shown.stdout)]).toEqual([line, []]);
    }
  }, 600_000);
});

/** Lines of the expected output that the real one lacks at their place; further lines may stand between them. */
function missingLines(expected: string, real: string): string[] {
  const left = real.split('\n').map((line) => line.trimEnd());
  return expected.split('\n').flatMap((line) => {
    const wanted = line.trimEnd();
    if (wanted === '' || wanted === '…') return [];
    const at = left.indexOf(wanted);
    if (at < 0) return [wanted];
    left.splice(0, at + 1);
    return [];
  });
}
