import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';

const folder = import.meta.dirname;
const manifest = createRequire(import.meta.url).resolve('esbuild/package.json');
const esbuild = join(dirname(manifest), 'bin', 'esbuild');

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly entryPoint?: string; readonly imports: readonly { path: string; kind: string }[] }
    >
  >;
}

/** What a browser loads at once; esbuild fails on any module that only Node.js has. */
function bundle(entry: string, code: string): string {
  const out = mkdtempSync(join(tmpdir(), 'provisioning-bundle-'));
  try {
    const source = join(out, `${entry}.ts`);
    const meta = join(out, 'meta.json');
    const flags = [
      '--bundle',
      '--splitting',
      '--format=esm',
      '--platform=browser',
      '--target=es2024',
      '--minify',
    ];
    writeFileSync(source, code.replaceAll("'./", `'${folder}/`));
    const where = [`--outdir=${out}`, `--metafile=${meta}`, '--log-level=error'];
    execFileSync(esbuild, [source, ...flags, ...where], { cwd: out });
    const { outputs } = JSON.parse(readFileSync(meta, 'utf8')) as Metafile;
    const wanted = Object.keys(outputs).filter((name) => outputs[name]!.entryPoint === `${entry}.ts`);
    expect(wanted).toHaveLength(1);
    for (const name of wanted) {
      const statics = outputs[name]!.imports.filter(({ kind }) => kind === 'import-statement');
      for (const { path } of statics) if (!wanted.includes(path)) wanted.push(path);
    }
    return wanted.map((name) => readFileSync(join(out, name), 'utf8')).join('\n');
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

test('14.A17 the entry points of browsers bundle without polyfills; the client stays below 25 kB', () => {
  const client = bundle('client', `export { ProvisioningClient, isNotFoundError } from './index.ts'`);
  expect(gzipSync(client).length).toBeLessThan(25 * 1024);
  for (const entry of ['index', 'patterns', 'resilience', 'webhooks', 'schemas/index']) {
    const text = bundle(entry.replace('/', '-'), `export * from './${entry}.ts'`);
    expect(text).not.toMatch(/from\s*["']node:|require\(/);
  }
  const dashboard = readFileSync(join(folder, '../examples/browser-dashboard/dashboard.ts'), 'utf8');
  expect(dashboard).not.toContain('innerHTML');
});
