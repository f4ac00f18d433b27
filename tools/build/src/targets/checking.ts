import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkWorkingTree } from '../../../release/src/compatibility.ts';
import { publishedPackages } from '../../../release/src/packages.ts';
import { writeSbom } from '../../../release/src/sbom.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Context, Target } from './context.ts';
import { UsageError } from './flags.ts';
import { validateSchemas } from './schemas.ts';

/** Folders a clone must have (11 §3 `validate-structure`). */
const structure = [
  '.ci',
  '.github/workflows',
  'docs',
  'examples',
  'just',
  'packages/client',
  'packages/core',
  'packages/core-cli',
  'packages/distribution',
  'packages/extension-registry',
  'packages/extensions-sdk',
  'packages/orchestrator',
  'packages/providers',
  'packages/service-kit',
  'packages/taskservs',
  'tools/bench',
  'tools/build',
  'tools/conformance',
  'tools/docs',
  'tools/release',
  'tools/testing',
];

/** Licenses under which others may ship the product. */
const allowed =
  /^(?:MIT(?:-0)?|ISC|BSD-[23]-Clause|0BSD|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Unlicense|Python-2\.0|CC-BY-4\.0|Zlib)$/;

function validateStructure({ root, print }: Context): Promise<number> {
  const missing = structure.filter((folder) => !existsSync(join(root, folder)));
  for (const folder of structure) print(missing.includes(folder) ? `✗ ${folder} MISSING` : `✓ ${folder}`);
  print(`Results: ${structure.length - missing.length} passed, ${missing.length} failed`);
  return Promise.resolve(missing.length === 0 ? 0 : 1);
}

/** One package: what it promises in its `package.json` is there. */
function validatePackage({ root, flags, print, say }: Context): Promise<number> {
  const [wanted] = flags.words;
  if (wanted === undefined) throw new UsageError('Which package? npm run validate -- core');
  const packages = publishedPackages(root);
  const one = packages.find(
    ({ json, folder }) => json.name.endsWith(`/${wanted}`) || folder.endsWith(`/${wanted}`),
  );
  if (one === undefined)
    throw new UsageError(
      `Unknown package: ${wanted}; there are ${packages.map(({ json }) => json.name.replace(/^.*\//, '')).join(', ')}`,
    );
  const { json, folder } = one;
  const findings = [
    ...(json.license === undefined ? ['package.json has no license'] : []),
    ...(json.description === undefined ? ['package.json has no description'] : []),
    ...(json.engines?.['node'] === undefined ? ['package.json does not say which Node.js it needs'] : []),
    ...[...Object.values(json.exports ?? {}), ...Object.values(json.bin ?? {})]
      .filter((file) => !file.includes('*') && !file.includes('/dist/') && !existsSync(join(folder, file)))
      .map((file) => `${file} is missing`),
    ...(existsSync(join(folder, 'README.md')) ? [] : ['README.md is missing']),
  ];
  for (const finding of findings) say(`error: ${json.name}: ${finding}`);
  if (findings.length === 0) print(`${json.name} ${json.version} is valid`);
  return Promise.resolve(findings.length === 0 ? 0 : 1);
}

async function validateAll(context: Context): Promise<number> {
  const { root, flags, print, say } = context;
  const codes = [await validateStructure(context)];
  for (const { json } of publishedPackages(root))
    codes.push(
      await validatePackage({ ...context, flags: { ...flags, words: [json.name.replace(/^.*\//, '')] } }),
    );
  const findings = checkWorkingTree();
  for (const finding of findings) say(`error: ${finding}`);
  if (findings.length === 0) print('The versions of this working tree go together');
  codes.push(findings.length, await validateSchemas(context));
  return codes.some((code) => code !== 0) ? 1 : 0;
}

interface Component {
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly licenses?: readonly {
    readonly license?: { readonly id?: string; readonly name?: string };
    readonly expression?: string;
  }[];
}

const isAllowed = (license: string): boolean =>
  license.split(' OR ').some((part) => allowed.test(part.replace(/[()]/g, '').trim()));

/** Licenses of a component; packages of long ago name them in another field, which npm leaves out. */
function licensesOf(root: string, { group, name, licenses = [] }: Component): readonly string[] {
  const named = licenses.map(({ license, expression }) => license?.id ?? license?.name ?? expression ?? '');
  if (named.length > 0) return named;
  const file = join(root, 'node_modules', group ?? '', name, 'package.json');
  if (!existsSync(file)) return [];
  const old = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly licenses?: readonly { readonly type?: string }[];
  };
  return (old.licenses ?? []).map(({ type = '' }) => type);
}

/** Licenses of everything that ships, from the bill of materials. */
async function checkLicenses({ root, print, say }: Context): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-licenses-'));
  try {
    const file = join(folder, 'sbom.json');
    await writeSbom(file, 0);
    const { components } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly components: readonly Component[];
    };
    const refused = components.filter((one) => !licensesOf(root, one).some(isAllowed));
    for (const { name, version } of refused)
      say(`error: license of ${name} ${version} is not among the allowed ones`);
    if (refused.length === 0) print(`${components.length} components under allowed licenses`);
    return refused.length === 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs npm with words; its output is the target's. */
export function npm({ root }: Context, ...words: readonly string[]): number {
  const { status } = spawnSync('npm', words, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return status ?? 1;
}

const script = (summary: string, ...words: readonly string[]): Target => ({
  summary,
  run: (context) => Promise.resolve(npm(context, ...words, ...context.flags.words)),
});

/** Targets that look at the sources (11 §3). */
export const checking: Readonly<Record<string, Target>> = {
  'validate-structure': { summary: 'The folders a clone must have', run: validateStructure },
  'validate-schemas': {
    summary: 'Schemas compile, manifests and reference pages fit them; --format-code',
    run: validateSchemas,
  },
  'validate-kcl': { summary: 'The same as validate-schemas', run: validateSchemas },
  validate: {
    summary: 'One package keeps what its package.json promises: validate -- core',
    run: validatePackage,
  },
  'validate-all': { summary: 'Structure, packages, versions, schemas', run: validateAll },
  'check-licenses': { summary: 'Licenses of all that ships', run: checkLicenses },
  audit: {
    summary: 'Known vulnerabilities of what ships',
    run: (context) => Promise.resolve(npm(context, 'audit', '--omit=dev')),
  },
  'dev-check': {
    summary: 'Types and lint',
    run: (context) => Promise.resolve(npm(context, 'run', 'types') || npm(context, 'run', 'lint')),
  },
  'test-build': script('Tests of the build itself', 'test', '--', 'tools/build'),
  'test-e2e': script('Tests that start real parts', 'test', '--', 'e2e'),
  'docs-serve': script('The documentation as a site on port 8000', 'run', 'docs:site', '--', '--serve'),
  watch: script(
    'Look at the types again after every change',
    'exec',
    '--',
    'tsc',
    '--noEmit',
    '--watch',
    '-p',
    'tsconfig.json',
  ),
  'dev-start': script(
    'An orchestrator of the working tree, in the foreground',
    'run',
    'provisioning',
    '--',
    'orchestrator',
    'start',
    '--foreground',
  ),
  'update-deps': script('Newer versions of what package.json allows', 'update', '--save'),
  'install-deps': script('Exactly what package-lock.json names', 'ci'),
};
