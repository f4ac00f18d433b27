import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { loadConfiguration, processSurroundings } from '@provisioning/core';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const run = promisify(execFile);
const sops = 'github.com/getsops/sops/v3/cmd/sops@v3.9.4';

/** What each kind of file says before it is encrypted. */
const plain: Readonly<Record<string, string>> = {
  'secure.yaml': 'vault_pin: from-yaml\n',
  'config.toml': 'vault_pin = "from-toml"\n',
};

/** Loads a workspace whose file the real SOPS encrypted. */
async function load(root: string, name: string, binary: string, key: string, folder = key): Promise<unknown> {
  const workspace = path.join(root, name.replace('.', '-'));
  const config = path.join(workspace, 'config');
  await mkdir(config, { recursive: true });
  await writeFile(path.join(config, 'provisioning.toml'), '[workspace]\nname = "w"\nversion = "1.0.0"\n');
  const source = path.join(root, name);
  await writeFile(source, plain[name]!);
  const { stdout } = await run(binary, ['--encrypt', '--age', await recipientOf(key), source]);
  await writeFile(path.join(config, name), stdout);
  const surroundings = {
    ...processSurroundings(root),
    cwd: root,
    home: root,
    env: { PATH: path.dirname(binary), PROVISIONING_KAGE: folder },
  };
  const loaded = await loadConfiguration({ surroundings, workspace: { name: 'w', path: workspace } });
  return loaded.get('vault_pin');
}

const identities = new Map<string, string>();
async function recipientOf(key: string): Promise<string> {
  const known = identities.get(key) ?? (await generateIdentity());
  identities.set(key, known);
  await writeFile(key, `${known}\n`, { mode: 0o600 });
  return identityToRecipient(known);
}

const suite: ConformanceSuite = {
  title: 'SOPS: files that the real program encrypted are read as layers of the configuration',
  async run(say) {
    const root = await mkdtemp(path.join(tmpdir(), 'conformance-sops-'));
    const binary = process.env['SOPS_PATH'] ?? path.join(root, 'sops');
    const cases: CaseResult[] = [];
    const check = async (name: string, work: () => Promise<boolean>): Promise<void> => {
      try {
        const good = await work();
        cases.push(
          good ? { name, status: 'passed' } : { name, status: 'failed', reason: 'another value was read' },
        );
      } catch (error) {
        cases.push({ name, status: 'failed', reason: (error as Error).message });
      }
    };
    try {
      if (process.env['SOPS_PATH'] === undefined) {
        say('installing sops as a Go module (SOPS_PATH names one that is there)');
        await run('go', ['install', sops], { env: { ...process.env, GOBIN: root } });
      }
      const key = path.join(root, 'key.txt');
      await check('a YAML file', async () => (await load(root, 'secure.yaml', binary, key)) === 'from-yaml');
      await check(
        'a TOML file, encrypted as a whole',
        async () => (await load(root, 'config.toml', binary, key)) === 'from-toml',
      );
      await check('without the key the load stops and says why', async () => {
        const none = path.join(root, 'nowhere');
        const message = await load(root, 'secure.yaml', binary, key, none).then(
          () => '',
          (error: Error) => error.message,
        );
        return /^Failed to decrypt configuration file: .*secure\.yaml: .{10}/.test(message);
      });
    } catch (error) {
      cases.push({ name: 'sops', status: 'skipped', reason: (error as Error).message.split('\n')[0]! });
    } finally {
      await rm(root, { recursive: true, force: true });
    }
    return { cases };
  },
};
export default suite;
