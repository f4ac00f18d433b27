import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import type { ArtifactSession } from '../artifacts/session.ts';
import { createReadStream } from 'node:fs';
import { unpack } from '../archive/unpack.ts';
import type { PackageKind } from '../extension/kind.ts';
import { encodeExtension, packExtension } from '../extension/pack.ts';
import { readExtension } from '../extension/read.ts';
import { modeRules } from '../signing/policy.ts';
import type { Candidate } from './candidates.ts';

/** Runs npm with the person's own registry and credentials (`.npmrc`). Nothing of a package is executed. */
function npm(args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('npm', [...args], { cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
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
  kind: PackageKind,
): Promise<{ readonly versions: readonly string[]; candidate(version: string): Promise<Candidate> }> {
  if (modeRules[session.settings.mode].localSources === 'refuse') {
    // `npm audit signatures` works on an installed tree with provenance; without one there is nothing to verify against.
    throw new ProvisioningError({
      code: 'UNSIGNED_ARTIFACT',
      kind: 'permission',
      message: `Unsigned artifact refused: npm:${reference.package}@${reference.range}`,
      hint: `${session.settings.mode} mode needs signed artifacts; use the OCI artifact of this extension`,
    });
  }
  const listed: unknown = JSON.parse(await npm(['view', '--json', reference.package, 'versions'], tmpdir()));
  const versions = (Array.isArray(listed) ? listed : [listed]).filter(
    (one): one is string => typeof one === 'string',
  );
  return { versions, candidate: (version) => fetchPackage(session, reference.package, version, kind) };
}

async function fetchPackage(
  session: ArtifactSession,
  name: string,
  version: string,
  kind: PackageKind,
): Promise<Candidate> {
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-npm-'));
  try {
    await npm(['pack', '--ignore-scripts', '--silent', `${name}@${version}`], folder);
    const archive = (await readdir(folder)).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw notAnExtension(name);
    await unpack(createReadStream(join(folder, archive)), join(folder, 'content'), session.call);
    const root = join(folder, 'content', 'package');
    const manifest = await manifestOf(root);
    if (manifest === undefined) throw notAnExtension(name);
    const packed = await packExtension(root);
    if (packed.manifest.type !== kind) throw notAnExtension(name);
    const { target, root: descriptor } = encodeExtension(packed);
    const stored = await readExtension(target, descriptor.digest);
    return { stored, source: target, repository: packed.manifest.name, reference: `npm:${name}@${version}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
