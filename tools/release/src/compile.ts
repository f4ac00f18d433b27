import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root, type WorkspacePackage } from './packages.ts';

/** Type-only imports keep their `.ts` in declarations; published ones name what is there. */
function withJsExtensions(text: string): string {
  return text.replace(/((?:from|import)\s*\(?\s*['"]\.{1,2}\/[^'"]*?)\.ts(['"])/g, '$1.js$2');
}

/** Tests, and what only they use: it stands in folders named after them. */
const ofTests = /\.(?:test|conformance|fixture)\.ts$|^src\/(?:.+\/)?test(?:ing)?\//;

/** Sources that a package is compiled from; a folder for tests is one where it is an entry point of the package. */
export function publishedSources(folder: string): string[] {
  const { exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports?: object;
  };
  const forOthers = './testing' in exports;
  return globSync('src/**/*.ts', { cwd: folder })
    .filter((file) => !ofTests.test(file) || (forOthers && /^src\/testing\/(?!.*\.test\.ts$)/.test(file)))
    .map((file) => join(folder, file));
}

/**
 * Compiles the sources of packages to JavaScript with declarations, all in one program, into `<out>/<package folder>/`
 * `src/`. Tests are left out.
 * @throws Error with the first findings of the compiler.
 */
export function compile(packages: readonly WorkspacePackage[], out: string): void {
  const files = packages.flatMap(({ folder }) => publishedSources(folder));
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.convertCompilerOptionsFromJson(
    (config as { compilerOptions: object }).compilerOptions,
    root,
  );
  const program = ts.createProgram(files, {
    ...options,
    noEmit: false,
    declaration: true,
    sourceMap: false,
    removeComments: false,
    rootDir: join(root, 'packages'),
    outDir: out,
  });
  const emitted = program.emit();
  const findings = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics].filter(
    ({ category }) => category === ts.DiagnosticCategory.Error,
  );
  if (findings.length === 0) return;
  const host = {
    getCanonicalFileName: (name: string) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  };
  throw new Error(ts.formatDiagnostics(findings.slice(0, 10), host));
}

/** Moves the compiled files of one package to `dist`, with the files beside the sources that are no TypeScript. */
export async function collectDist(one: WorkspacePackage, compiled: string, dist: string): Promise<void> {
  const from = join(compiled, relative(join(root, 'packages'), one.folder), 'src');
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  // Of a provider the code is its bundle.
  for (const file of globSync(one.provider ? '**/*.d.ts' : '**/*.{js,d.ts}', { cwd: from })) {
    const text = await readFile(join(from, file), 'utf8');
    await mkdir(dirname(join(dist, file)), { recursive: true });
    await writeFile(join(dist, file), file.endsWith('.d.ts') ? withJsExtensions(text) : text);
  }
  for (const file of globSync('src/**/*', { cwd: one.folder, withFileTypes: true })) {
    if (!file.isFile() || file.name.endsWith('.ts')) continue;
    const path = relative(join(one.folder, 'src'), join(file.parentPath, file.name));
    await mkdir(dirname(join(dist, path)), { recursive: true });
    await cp(join(file.parentPath, file.name), join(dist, path));
  }
}
