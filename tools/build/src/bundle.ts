import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type BuildOptions } from 'esbuild';

export interface BundleSpec {
  readonly name: string;
  /** Folder that receives the bundle. */
  readonly outdir: string;
  /** Files whose change makes the bundle stale although esbuild does not read them (listings, generators). */
  readonly watched: () => readonly string[];
  /** Folders that go along as they are: source → name in the bundle. */
  readonly copies?: Readonly<Record<string, string>>;
  /** Called only when something has changed. */
  readonly options: () => Promise<BuildOptions>;
}

export interface BundleResult {
  readonly name: string;
  readonly built: boolean;
  readonly milliseconds: number;
  readonly bytes?: number;
}

interface Stamp {
  /** Input file → size and modification time. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Digest over the names of the watched files, so that a new or removed one counts. */
  readonly watched: string;
}

/**
 * What CommonJS code expects, in every chunk: `require` and the names of its file. Without an import, because the ESM
 * facade of a builtin module is slow to make.
 */
export const commonJsNames = [
  "const require=(globalThis.__provisioningRequire??=process.getBuiltinModule('module').createRequire(import.meta.url));",
  'const __dirname=import.meta.dirname,__filename=import.meta.filename;',
].join('');

/**
 * Runs esbuild when an input has changed since the last time. The bundle is made beside its place and moved there, so
 * that a process that starts meanwhile sees the old or the new one.
 */
export async function bundle(root: string, spec: BundleSpec, force: boolean): Promise<BundleResult> {
  const started = performance.now();
  // Not beside the bundle: what stands there is packed and published.
  const stampFile = join(root, 'node_modules/.cache/provisioning/bundles', `${spec.name}.json`);
  const watched = spec.watched();
  if (!force && existsSync(spec.outdir) && isFresh(root, stampFile, watched))
    return { name: spec.name, built: false, milliseconds: 0 };
  const staging = `${spec.outdir}.${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    const { metafile = { inputs: {}, outputs: {} } } = await build({
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node22',
      splitting: true,
      metafile: true,
      legalComments: 'none',
      banner: { js: commonJsNames },
      logLevel: 'warning',
      absWorkingDir: root,
      outdir: staging,
      chunkNames: 'chunks/[name]-[hash]',
      ...(await spec.options()),
    } satisfies BuildOptions);
    for (const [from, to] of Object.entries(spec.copies ?? {}))
      cpSync(from, join(staging, to), { recursive: true });
    const files = [
      ...Object.keys(metafile.inputs).map((file) => join(root, file.replace(/^[\w-]+:/, ''))),
      ...watched,
    ];
    const inputs = Object.fromEntries(
      files.filter(existsSync).map((file) => [relative(root, file), mark(file)]),
    );
    const stamp: Stamp = { inputs, watched: digest(root, watched) };
    mkdirSync(dirname(spec.outdir), { recursive: true });
    const old = `${spec.outdir}.${process.pid}.old`;
    if (existsSync(spec.outdir)) renameSync(spec.outdir, old);
    renameSync(staging, spec.outdir);
    rmSync(old, { recursive: true, force: true });
    mkdirSync(dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, JSON.stringify(stamp));
    const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
    return { name: spec.name, built: true, milliseconds: Math.round(performance.now() - started), bytes };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function isFresh(root: string, stampFile: string, watched: readonly string[]): boolean {
  if (!existsSync(stampFile)) return false;
  const stamp = JSON.parse(readFileSync(stampFile, 'utf8')) as Stamp;
  if (stamp.watched !== digest(root, watched)) return false;
  return Object.entries(stamp.inputs).every(([file, known]) => {
    const path = join(root, file);
    return existsSync(path) && mark(path) === known;
  });
}

function mark(file: string): string {
  const { size, mtimeMs } = statSync(file);
  return `${size}:${mtimeMs}`;
}

function digest(root: string, files: readonly string[]): string {
  const names = files.map((file) => relative(root, file)).sort();
  return createHash('sha256').update(names.join('\n')).digest('hex');
}
