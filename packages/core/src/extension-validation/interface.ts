import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  Cluster,
  type Manifest,
  type Permissions,
  requiredProviderFunctions,
} from '@provisioning/extensions-sdk';
import type { ManifestFile } from '../extensions/manifest.ts';
import { treeFiles } from '../extensions/tree.ts';
import { checkTaskserv, loadTaskservPackage } from '../taskserv/package.ts';
import { ExtensionProcess } from '../extensions/isolation/process.ts';
import { entryPoint } from '../extensions/provider-loader.ts';
import type { ExtensionRecord } from '../extensions/record.ts';
import { readClusterFile } from '../templates/cluster-file.ts';
import type { Findings } from './findings.ts';

/** Rule 3: the extension is what its kind must be (06 §2, 07 §1, 07 §10). */
export async function validateInterface(
  path: string,
  { file, manifest }: ManifestFile,
  findings: Findings,
): Promise<void> {
  const files = await treeFiles(path);
  await validateTemplates(path, files, findings);
  await validateScripts(path, files, findings);
  if (manifest.type === 'provider') await validateProvider(path, manifest, findings);
  else if (manifest.type === 'taskserv')
    // An older form of the manifest is no package of a taskserv yet: loading it says so.
    await findings.attempt<unknown>(() =>
      basename(file) === 'manifest.yaml' ? checkTaskserv(path, manifest) : loadTaskservPackage(path),
    );
  else if (manifest.type === 'cluster') await validateCluster(path, manifest, findings);
}

async function validateProvider(path: string, manifest: Manifest, findings: Findings): Promise<void> {
  const isDeclared = (manifest['provider'] as { rest?: unknown } | undefined)?.rest !== undefined;
  if (isDeclared || (await readdir(path)).includes('rest.yaml')) return;
  await using process = new ExtensionProcess({
    name: manifest.name,
    version: manifest.version,
    folder: path,
    entry: await entryPoint({ path, manifest } as unknown as ExtensionRecord),
    permissions: (manifest.permissions ?? {}) as Partial<Permissions>,
    timeout: 30_000,
  });
  const described = (await findings.attempt(() => process.call('provider.describe'))) as
    { apiVersion?: string; metadata?: { name?: string; version?: string } } | undefined;
  if (described === undefined) return;
  if (!/^2\.\d+$/.test(described.apiVersion ?? ''))
    findings.error(`apiVersion is ${described.apiVersion}, expected 2.x`);
  const { name, version } = described.metadata ?? {};
  if (name !== manifest.name) findings.error(`metadata says ${name}, the manifest ${manifest.name}`);
  if (version !== manifest.version)
    findings.error(`metadata says ${version}, the manifest ${manifest.version}`);
  const context = {
    config: {},
    workspace: { name: 'validation', path },
    infra: 'validation',
    secrets: {},
    environment: {},
    cacheDir: join(path, '.cache'),
    log: () => undefined,
  };
  try {
    const functions = (await process.call('provider.init', context)) as string[];
    const missing = requiredProviderFunctions.filter((key) => !functions.includes(key));
    if (missing.length > 0) findings.error(`Missing functions: ${missing.join(', ')}`);
  } catch (error) {
    findings.warn(`The interface was not checked, init needs a configuration: ${(error as Error).message}`);
  }
}

async function validateCluster(path: string, manifest: Manifest, findings: Findings): Promise<void> {
  const written = await findings.attempt(() => readClusterFile(path));
  const definition = written?.definition ?? (Array.isArray(manifest['components']) ? manifest : undefined);
  if (definition === undefined) return findings.error('there is no cluster.yaml');
  const { Ajv } = await import('ajv');
  const validate = new Ajv({ useDefaults: true, allErrors: true, strict: false }).compile(Cluster);
  const cluster = { resources: {}, network: {}, features: {}, ...structuredClone(definition) } as Cluster;
  if (!validate(cluster)) {
    for (const { instancePath, message } of validate.errors ?? [])
      findings.error(`cluster: ${instancePath.slice(1)} ${message}`);
    return;
  }
  const known = new Set(cluster.components.map(({ name }) => name));
  for (const { name, dependencies } of cluster.components) {
    for (const dependency of dependencies) {
      if (!known.has(dependency))
        findings.error(`Component '${name}' depends on unknown component '${dependency}'`);
    }
  }
}

/** Every Handlebars text of the folder parses. */
async function validateTemplates(path: string, files: readonly string[], findings: Findings): Promise<void> {
  const templates = files.filter((file) => file.endsWith('.hbs'));
  if (templates.length === 0) return;
  const { default: Handlebars } = await import('handlebars');
  for (const file of templates) {
    try {
      Handlebars.parse(await readFile(join(path, file), 'utf8'));
    } catch (error) {
      const line = /line (\d+)/.exec((error as Error).message)?.[1] ?? '1';
      findings.error(`${file}:${line}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
}

/** Shell scripts pass shellcheck where there is one, else `bash -n`. */
async function validateScripts(path: string, files: readonly string[], findings: Findings): Promise<void> {
  const scripts = files.filter((file) => file.endsWith('.sh'));
  if (scripts.length === 0) return;
  const checked = await run('shellcheck', ['--severity=error', '--format=gcc', ...scripts], path);
  if (checked.code !== undefined) {
    if (checked.code !== 0) for (const line of checked.output.trim().split('\n')) findings.error(line);
    return;
  }
  findings.warn('shellcheck not found - script validation limited');
  for (const script of scripts) {
    const { code, output } = await run('bash', ['-n', script], path);
    if (code !== undefined && code !== 0) findings.error(output.trim().split('\n')[0] ?? script);
  }
}

/** Exit code and output of a checker; no code when there is no such program. */
function run(
  command: string,
  parameters: readonly string[],
  cwd: string,
): Promise<{ code?: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', () => resolve({ output: '' }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
