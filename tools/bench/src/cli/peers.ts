import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const packages: Readonly<Record<string, string>> = {
  cdk: 'aws-cdk',
  wrangler: 'wrangler',
  heroku: 'heroku',
  sf: '@salesforce/cli',
};

/**
 * Programs of the same kind from npm, installed once into `.bench/` without running their scripts. Answers the words
 * that start each; those that can't be installed are left out and said.
 */
export async function installPeers(
  root: string,
  say: (message: string) => void,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const peers: Record<string, readonly string[]> = {};
  for (const [name, module] of Object.entries(packages)) {
    const folder = join(root, '.bench', 'cli-peers', name);
    try {
      if (!existsSync(join(folder, 'node_modules', module))) {
        say(`installing ${module}`);
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'package.json'), '{"private":true}');
        const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', module];
        await promisify(execFile)('npm', words, { cwd: folder, timeout: 300_000 });
      }
      peers[name] = [entryOf(join(folder, 'node_modules', module), name), '--version'];
    } catch (error) {
      say(`${name} left out: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  return peers;
}

/** The file behind a package's `bin` of that name. */
function entryOf(folder: string, name: string): string {
  const file = join(folder, 'package.json');
  const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { bin: string | Record<string, string> };
  const path = typeof bin === 'string' ? bin : bin[name];
  if (path === undefined) throw new Error(`${file} names no program ${name}`);
  return join(dirname(file), path);
}
