import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ArtifactSession } from '../../artifacts/session.ts';
import { createReadStream } from 'node:fs';
import { unpack } from '../../archive/unpack.ts';
import type { PackageKind } from '../../extension/kind.ts';
import { packExtension } from '../../extension/pack.ts';
import { modeRules } from '../../signing/policy.ts';
import { type Candidate, type Origin, packedCandidate } from './origin.ts';

/** Runs npm with the person's own registry and credentials (`.npmrc`). Nothing of a package is executed. */
export function npm(
  session: Pick<ArtifactSession, 'environment'>,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = { cwd, env: { ...session.environment }, maxBuffer: 64 * 1024 * 1024 };
    execFile('npm', [...args], settings, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        reject(
          new ProvisioningError({
            code: 'NPM_NOT_FOUND',
            message: 'npm not found; install it or use the OCI artifact',
          }),
        );
      } else {
        const missing = /E404|ETARGET/.test(stderr);
        reject(
          new ProvisioningError({
            code: missing ? 'ARTIFACT_NOT_FOUND' : 'NPM_FAILED',
            kind: missing ? 'not-found' : 'failure',
            message: `npm ${args[0]} ${args.at(-1)} failed`,
            hint:
              stderr
                .split('\n')
                .find((line) => /npm (?:error|ERR!)/.test(line))
                ?.slice(0, 300) ?? 'see "npm config ls"',
          }),
        );
      }
    });
  });
}

/**
 * Versions of an npm package as candidates (09 §12): the package is fetched as npm does, with its integrity checked, and
 * brought into the form every other source has.
 */
export async function npmOrigin(
  session: ArtifactSession,
  reference: { readonly package: string; readonly range: string },
  kind: PackageKind | undefined,
): Promise<Origin> {
  if (session.settings.offline) {
    throw new ProvisioningError({
      code: 'NOT_IN_CACHE',
      kind: 'not-found',
      message: `Not in cache: npm:${reference.package}@${reference.range}`,
      hint: 'run the command without --offline',
    });
  }
  if (modeRules[session.settings.mode].localSources === 'refuse') {
    // `npm audit signatures` works on an installed tree with provenance; without one there is nothing to verify against.
    throw new ProvisioningError({
      code: 'UNSIGNED_ARTIFACT',
      kind: 'permission',
      message: `Unsigned artifact refused: npm:${reference.package}@${reference.range}`,
      hint: `${session.settings.mode} mode needs signed artifacts; use the OCI artifact of this extension`,
    });
  }
  const text = await npm(session, ['view', '--json', reference.package, 'versions'], tmpdir()).catch(
    (error: unknown) => {
      if (error instanceof ProvisioningError && error.kind === 'not-found') return '[]';
      throw error;
    },
  );
  const listed: unknown = JSON.parse(text);
  const versions = (Array.isArray(listed) ? listed : [listed]).filter(
    (one): one is string => typeof one === 'string',
  );
  return { versions, candidate: (version) => fetchPackage(session, reference.package, version, kind) };
}

async function fetchPackage(
  session: ArtifactSession,
  name: string,
  version: string,
  kind: PackageKind | undefined,
): Promise<Candidate> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-npm-'));
  try {
    await npm(session, ['pack', '--ignore-scripts', '--silent', `${name}@${version}`], folder);
    const archive = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw notAnExtension(name);
    await unpack(createReadStream(join(folder, archive)), join(folder, 'content'), session.call);
    const root = join(folder, 'content', 'package');
    const manifest = await manifestOf(root);
    if (manifest === undefined) throw notAnExtension(name);
    const packed = await packExtension(root);
    if (kind !== undefined && packed.manifest.type !== kind) throw notAnExtension(name);
    const complete = await dependencyInstaller(session, root, name);
    return packedCandidate(packed, `npm:${name}@${version}`, {
      ...(complete === undefined ? {} : { complete }),
      // What nobody of the project publishes is asked about before it is installed.
      ...(name.startsWith('@provisioning/') ? {} : { channel: 'community' }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Packages of npm that the extension itself needs are put into its folder, exactly those of its lock file (09 §12).
 * @throws ProvisioningError `NPM_LOCK_MISSING`.
 */
async function dependencyInstaller(
  session: ArtifactSession,
  root: string,
  name: string,
): Promise<((folder: string) => Promise<void>) | undefined> {
  const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => '{}');
  const { dependencies = {} } = JSON.parse(text) as { readonly dependencies?: Record<string, string> };
  if (Object.keys(dependencies).length === 0) return undefined;
  const names = await readdir(root);
  if (!names.includes('npm-shrinkwrap.json') && !names.includes('package-lock.json')) {
    throw new ProvisioningError({
      code: 'NPM_LOCK_MISSING',
      message: `${name} has dependencies and no lock file`,
      hint: 'its author publishes it with npm-shrinkwrap.json',
    });
  }
  return async (folder) => {
    await npm(session, ['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund'], folder);
  };
}

async function manifestOf(root: string): Promise<string | undefined> {
  const text = await readFile(join(root, 'package.json'), 'utf8').catch(() => '{}');
  const { provisioning } = JSON.parse(text) as { readonly provisioning?: { readonly manifest?: string } };
  return readFile(join(root, provisioning?.manifest ?? 'manifest.yaml'), 'utf8').catch(() => undefined);
}

function notAnExtension(name: string): ProvisioningError {
  return new ProvisioningError({
    code: 'NOT_AN_EXTENSION',
    message: `${name} is not a provisioning extension`,
    hint: 'an extension on npm has a manifest.yaml beside its package.json',
  });
}
