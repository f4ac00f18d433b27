import { spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { treeFilesWithTests } from './tree.ts';
import { readManifest } from './manifest.ts';

export const testTypes = ['unit', 'integration', 'e2e', 'performance', 'security'] as const;
export type TestType = (typeof testTypes)[number];

export interface TestResult {
  readonly test_type: TestType;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly passed: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly error?: string;
}

/** Result of `extension test` (S:26026-26095). */
export interface TestReport {
  readonly extension: string;
  readonly test_results: readonly TestResult[];
  readonly summary: {
    readonly total: number;
    readonly passed: number;
    readonly failed: number;
    /** Percent; null when there was nothing to run. */
    readonly success_rate: number | null;
  };
  readonly completed_at: string;
}

export interface RunTestsOptions {
  readonly path: string;
  readonly types?: readonly TestType[];
  /** Seconds that performance tests are repeated for; default one run. */
  readonly duration?: number;
  /** Where integration and e2e tests run; they read it as `PROVISIONING_TEST_TARGET`. Default `local`. */
  readonly target?: string;
  /** Types and files side by side; performance tests always run alone. Default true. */
  readonly parallel?: boolean;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly onLine?: (line: string) => void;
  readonly now?: () => number;
}

/** Reads `all`, or names by comma. @throws ProvisioningError `TEST_TYPE`, exit 2. */
export function parseTestTypes(text: string): readonly TestType[] {
  if (text === 'all') return testTypes;
  return text.split(',').map((name) => {
    const type = testTypes.find((entry) => entry === name.trim());
    if (type !== undefined) return type;
    throw new ProvisioningError({
      code: 'TEST_TYPE',
      kind: 'usage',
      message: `Unknown test type: ${name}`,
      hint: `Use all, ${testTypes.join(', ')}.`,
    });
  });
}

/**
 * Runs the tests of an extension, each in a process of Node's own test runner.
 * @throws ProvisioningError `EXTENSION_NOT_FOUND`, exit 5.
 */
export async function runExtensionTests(options: RunTestsOptions): Promise<TestReport> {
  const { path, types = testTypes, now = Date.now } = options;
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new ProvisioningError({
      code: 'EXTENSION_NOT_FOUND',
      kind: 'not-found',
      message: `Extension not found: ${path}`,
    });
  }
  const { manifest } = await readManifest(path);
  const found = new Map<TestType, TestResult>();
  const test = async (type: TestType): Promise<void> => {
    found.set(type, type === 'security' ? await securityTests(path) : await nodeTests(type, options));
  };
  const alone = (type: TestType): boolean => options.parallel === false || type === 'performance';
  await Promise.all(types.filter((type) => !alone(type)).map(test));
  for (const type of types.filter(alone)) await test(type);
  const results = types.flatMap((type) => found.get(type) ?? []);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  const total = passed + failed;
  return {
    extension: manifest.name,
    test_results: results,
    summary: {
      total,
      passed,
      failed,
      success_rate: total === 0 ? null : Math.round((passed / total) * 1000) / 10,
    },
    completed_at: new Date(now()).toISOString(),
  };
}

async function nodeTests(type: TestType, options: RunTestsOptions): Promise<TestResult> {
  const folder = join(options.path, 'tests', type);
  const files = (await treeFilesWithTests(folder).catch((): string[] => [])).filter((file) =>
    /\.test\.[cm]?[jt]s$/.test(file),
  );
  if (files.length === 0) return { test_type: type, status: 'skipped', passed: 0, failed: 0, duration: 0 };
  const started = performance.now();
  const end = started + (type === 'performance' ? (options.duration ?? 0) * 1000 : 0);
  let passed = 0;
  let failed = 0;
  let error: string | undefined;
  do {
    const run = await runNode(
      files.map((file) => join(folder, file)),
      options,
    );
    passed += run.passed;
    failed += run.failed;
    error ??= run.error;
  } while (performance.now() < end && failed === 0);
  return {
    test_type: type,
    status: failed === 0 ? 'passed' : 'failed',
    passed,
    failed,
    duration: Math.round(performance.now() - started),
    ...(error === undefined ? {} : { error }),
  };
}

function runNode(
  files: readonly string[],
  { path, environment, onLine, target = 'local', parallel = true }: RunTestsOptions,
): Promise<{ passed: number; failed: number; error?: string }> {
  const { NODE_OPTIONS: _options, NODE_TEST_CONTEXT: _context, ...inherited } = environment ?? process.env;
  const env = { ...inherited, PROVISIONING_TEST_TARGET: target };
  return new Promise((resolve) => {
    const parameters = [
      '--no-warnings',
      '--import',
      productImports(),
      '--test',
      '--test-reporter=tap',
      ...(parallel ? [] : ['--test-concurrency=1']),
      ...files,
    ];
    const child = spawn(process.execPath, parameters, { cwd: path, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      for (const line of chunk.toString().split('\n')) if (line.trim() !== '') onLine?.(line);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', (code) => {
      const count = (name: string): number =>
        Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
      const passed = count('pass');
      const failed = count('fail') + count('cancelled');
      const reason = /^\s+error: (.+(?:\n(?!\s+code:).+)*)/m.exec(output)?.[1];
      const lost = code !== 0 && failed === 0 ? 1 : 0;
      const text = failed + lost === 0 ? undefined : (reason ?? output.slice(-500)).trim();
      resolve({ passed, failed: failed + lost, ...(text === undefined ? {} : { error: text }) });
    });
  });
}

/** A preload that lets the tests import the SDK and TypeBox of this installation when the extension brings none. */
function productImports(): string {
  const sdk = createRequire(import.meta.url).resolve('@provisioning/extensions-sdk');
  const source = `import{registerHooks as r}from'node:module';const p=${JSON.stringify(pathToFileURL(sdk).href)};r({resolve(n,c,x){try{return x(n,c)}catch(e){if(/^(@provisioning\\/extensions-sdk|typebox)(\\/|$)/.test(n))return x(n,{...c,parentURL:p});throw e}}});`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

/** Secrets in files, and permissions that allow everything. */
async function securityTests(path: string): Promise<TestResult> {
  const started = performance.now();
  const problems: string[] = [];
  const files = await treeFilesWithTests(path);
  for (const file of files) {
    if (/(^|\/)(node_modules|dist|\.git)\//.test(file)) continue;
    const text = await readFile(join(path, file), 'utf8').catch(() => '');
    if (/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text)) problems.push(`${file} holds a private key`);
    if (/\bAKIA[0-9A-Z]{16}\b/.test(text)) problems.push(`${file} holds an AWS access key`);
    if (/\bgh[pousr]_[A-Za-z0-9]{36}\b/.test(text)) problems.push(`${file} holds a GitHub token`);
  }
  const { manifest } = await readManifest(path);
  const { read = [], write = [], exec = [] } = manifest.permissions ?? {};
  for (const [name, list] of Object.entries({ read, write, exec })) {
    if (list.some((entry) => entry === '*' || entry === '/'))
      problems.push(`permissions.${name} allows everything`);
  }
  return {
    test_type: 'security',
    status: problems.length === 0 ? 'passed' : 'failed',
    passed: problems.length === 0 ? 1 : 0,
    failed: problems.length,
    duration: Math.round(performance.now() - started),
    ...(problems.length === 0 ? {} : { error: problems.join('; ') }),
  };
}
