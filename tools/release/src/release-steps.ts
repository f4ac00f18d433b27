import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type BundleWork,
  publishBundle,
  testBundle,
  testIntegration,
  type TriedVersions,
} from './bundles.ts';
import { readConfig, type ReleaseConfig, UsageError } from './config.ts';
import { createBundle } from './create-bundle.ts';
import { Forge } from './forge/forge.ts';
import { type RetryOptions, uploadArtifacts } from './forge/upload.ts';
import { notify } from './notify.ts';
import { root as repository } from './packages.ts';
import { planRelease, pushTag, type ReleasePlan, tagRelease } from './release.ts';
import { ReleasesFolder } from './release-folder.ts';
import { rollbackRelease } from './rollback.ts';
import { writeSbom } from './sbom.ts';
import { signAll } from './sign.ts';
import type { StepContext } from './step-options.ts';
import { recordReport, testDist, type TestType, testTypes } from './test-dist.ts';

const rootOf = ({ values }: StepContext): string => resolve(values.root ?? repository);

function configOf(context: StepContext): ReleaseConfig {
  const { config } = context.values;
  return readConfig(rootOf(context), config === undefined ? undefined : resolve(config));
}

const distDir = (context: StepContext): string =>
  resolve(
    rootOf(context),
    context.values['dist-dir'] ?? context.values['asset-dir'] ?? 'distribution/packages',
  );

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new UsageError(`${name} is required`);
  return value;
}

function releasesFolder(context: StepContext): ReleasesFolder {
  const folder = configOf(context).releases?.folder ?? 'distribution/releases';
  return new ReleasesFolder(resolve(rootOf(context), folder));
}

function retryOf({ values }: StepContext): RetryOptions {
  const number = (value: string | undefined, fallback: number): number => {
    const read = Number(value ?? fallback);
    if (Number.isFinite(read) && read >= 0) return read;
    throw new UsageError(`Not a number: ${value ?? ''}`);
  };
  return {
    retryCount: number(values['retry-count'], 5),
    backoffDelay: number(values['backoff-delay'], 30),
  };
}

async function upload(context: StepContext, tag: string, notes: string, draft: boolean): Promise<void> {
  const { forge } = configOf(context);
  if (forge === undefined) throw new UsageError('release.toml has no [forge]: api and repository');
  const token = process.env[forge.token_env ?? 'REGISTRY_TOKEN'];
  const client = new Forge({ ...forge, ...(token === undefined ? {} : { token }) });
  const { uploaded, present } = await uploadArtifacts(
    client,
    { tag, folder: distDir(context), notes, prerelease: isPrerelease(context, tag), draft },
    retryOf(context),
    context.say,
  );
  context.print(
    `${uploaded.length} uploaded, ${present.length} there already${draft ? '; the release is a draft' : ''}`,
  );
}

function isPrerelease({ values }: StepContext, tag: string): boolean {
  return values.prerelease === true || values['pre-release'] === true || tag.includes('-');
}

function bundleWork(context: StepContext): BundleWork {
  return {
    root: repository,
    folder: releasesFolder(context),
    matrixFile: matrixFile(context),
    say: context.say,
  };
}

const matrixFile = (context: StepContext): string =>
  resolve(context.values.compatibility ?? join(rootOf(context), 'compatibility.toml'));

/** One line of numbers; @returns the exit code. */
function summary({ print }: StepContext, { passed, checks }: TriedVersions): number {
  const count = (status: string): number => checks.filter((check) => check.status === status).length;
  print(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  return passed ? 0 : 1;
}

/** Steps of a release, each an npm script of the same name. */
export const releaseSteps: Readonly<Record<string, (context: StepContext) => Promise<number>>> = {
  async release(context) {
    const { values, print, say } = context;
    const root = rootOf(context);
    const plan = await planRelease({
      root,
      version: values.version,
      releaseType: values['release-type'],
      ...(values.line === undefined ? {} : { line: values.line }),
      branch: configOf(context).branch ?? 'main',
      dryRun: values['dry-run'] === true,
      pushTag: values['push-tag'] === true,
      prerelease: values.prerelease === true,
    });
    print(`Release ${plan.tag}${plan.previous === undefined ? '' : ` after ${plan.previous}`}`);
    const uploads = values.upload === true || values['auto-upload'] === true;
    if (values['dry-run'] === true) {
      if (!plan.tagged) print(`Would write CHANGELOG.md, commit and tag ${plan.tag}`);
      print(`Would build all lines as ${plan.version} into ${distDir(context)} and test them`);
      if (values['push-tag'] === true) print(`Would push ${plan.tag}`);
      if (uploads) print(`Would upload to ${configOf(context).forge?.repository ?? 'no forge'}`);
      print(plan.notes);
      return 0;
    }
    const undo = plan.tagged
      ? undefined
      : await tagRelease({ root, ...plan }, new Date().toISOString().slice(0, 10));
    try {
      const { buildLines } = await import('../../build/src/lines/build-lines.ts');
      const { lineNames } = await import('../../build/src/lines/line.ts');
      await buildLines({
        root: repository,
        lines: lineNames,
        version: plan.version,
        outputDir: distDir(context),
        say,
      });
      await finishPackages(context, plan);
      const report = await testDist({
        root: repository,
        distDir: distDir(context),
        version: plan.version,
        say,
      });
      if (!report.passed) throw new Error('The packages did not pass test-dist');
      await recordReport(distDir(context), report);
    } catch (error) {
      // Nothing has left this machine yet.
      await undo?.();
      throw error;
    }
    if (values['push-tag'] === true) await pushTag(root, plan.tag);
    if (uploads) await upload(context, plan.tag, plan.notes, values.draft === true);
    print(`Released ${plan.tag}`);
    return 0;
  },
  async 'upload-artifacts'(context) {
    const tag = context.values.tag ?? `v${required(context.values.version, 'VERSION')}`;
    const notesFile = join(distDir(context), `RELEASE_NOTES_${tag.replace(/^.*v/, '')}.md`);
    const notes = await readFile(notesFile, 'utf8').catch(() => '');
    await upload(context, tag, notes, context.values.draft === true);
    return 0;
  },
  async 'update-registry'(context) {
    const version = required(context.values.version, 'VERSION');
    const folder = releasesFolder(context);
    const names = await folder.add(version, distDir(context));
    context.print(`${names.length} files of ${version} in ${folder.path}`);
    return 0;
  },
  async 'create-bundle'(context) {
    const { values, target } = context;
    const file = await createBundle({
      id: required(target, 'id of the bundle'),
      core: required(values.core, '--core'),
      platform: required(values.platform, '--platform'),
      extensions: values.extensions?.split(',') ?? [],
      ...(values.workspace === undefined ? {} : { workspace: values.workspace }),
      ...(values.name === undefined ? {} : { name: values.name }),
      ...(values['lts-until'] === undefined ? {} : { ltsUntil: values['lts-until'] }),
      today: new Date().toISOString().slice(0, 10),
      matrixFile: matrixFile(context),
      distDir: distDir(context),
      outputDir: resolve(values['output-dir'] ?? distDir(context)),
    });
    context.print(file);
    return 0;
  },
  async 'test-integration'(context) {
    const core = required(context.values.core, '--core');
    const platform = required(context.values.platform, '--platform');
    const report = await testIntegration(bundleWork(context), { core, platform });
    return summary(context, report);
  },
  async 'test-bundle'(context) {
    return summary(
      context,
      await testBundle(bundleWork(context), required(context.target, 'id of the bundle')),
    );
  },
  async 'publish-bundle'(context) {
    const id = required(context.target, 'id of the bundle');
    const { oci } = configOf(context);
    const done = await publishBundle(bundleWork(context), id, {
      archive: join(distDir(context), `provisioning-bundle-${id}.tar.gz`),
      ...(oci === undefined ? {} : { oci }),
      environment: process.env,
    });
    done.forEach(context.print);
    return 0;
  },
  async 'test-dist'(context) {
    const { values, say } = context;
    const kinds = values['test-types']?.split(',') ?? ['basic'];
    const unknown = kinds.find((kind) => !(testTypes as readonly string[]).includes(kind));
    if (unknown !== undefined)
      throw new UsageError(`Unknown test type: ${unknown}; there are ${testTypes.join(', ')}`);
    const types = kinds as readonly TestType[];
    const folder = distDir(context);
    const version = values.version ?? (await versionIn(folder));
    const platform = values.platform === undefined ? {} : { platform: values.platform };
    const releases = releasesFolder(context);
    const before = await releases.previous('core', version);
    const earlier =
      before === undefined ? {} : { earlier: { version: before, folder: join(releases.path, before) } };
    const what = { root: repository, distDir: folder, version, types };
    const report = await testDist({ ...what, ...platform, ...earlier, say });
    await recordReport(folder, report);
    return summary(context, report);
  },
  async 'notify-release'(context) {
    const { values, print, say } = context;
    const version = required(values.version, 'VERSION');
    const type = values['message-type'] ?? 'release';
    if (type !== 'release' && type !== 'rollback') throw new UsageError(`Unknown message type: ${type}`);
    const wanted = values.channels?.split(',');
    const channels = (configOf(context).channels ?? []).filter(
      (channel) => wanted === undefined || wanted.includes(channel.type) || wanted.includes(channel.name),
    );
    if (channels.length === 0)
      throw new UsageError('release.toml has none of these channels: [[channels]] name, type, url');
    const message =
      values.message ?? `provisioning ${version} ${type === 'release' ? 'is out' : 'was withdrawn'}.`;
    const notice = { type, version, text: message, urgent: values.urgent === true } as const;
    const deliveries = await notify(channels, notice, process.env);
    for (const { channel, error } of deliveries)
      if (error === undefined) print(`ok ${channel}`);
      else say(`failed ${channel}: ${error}`);
    return deliveries.every(({ error }) => error === undefined) ? 0 : 1;
  },
  async 'rollback-release'(context) {
    const { values, print, say } = context;
    const to = values['to-version'] ?? values['target-version'];
    const {
      failed,
      from,
      to: target,
    } = await rollbackRelease({
      from: required(values['from-version'] ?? values.version, '--from-version'),
      ...(to === undefined ? {} : { to }),
      line: values.line ?? 'core',
      folder: releasesFolder(context),
      config: configOf(context),
      environment: process.env,
      dryRun: values['dry-run'] === true,
      emergency: values.emergency === true,
      securityIssue: values['security-issue'] === true,
      notifyUsers: values['notify-users'] === true || values['immediate-notify'] === true,
      notifyFirst: values['immediate-notify'] === true,
      now: () => new Date(),
      say,
    });
    if (values['dry-run'] !== true) print(`${from} withdrawn, latest is ${target}`);
    return failed.length === 0 ? 0 : 1;
  },
};

/** Notes, bill of materials, checksums over all of it, and signatures where there is a key. */
async function finishPackages(context: StepContext, { version, notes, tagged }: ReleasePlan): Promise<void> {
  const folder = distDir(context);
  const { writeChecksums } = await import('../../build/src/lines/checksums.ts');
  const { buildTime } = await import('../../build/src/lines/sources.ts');
  await writeFile(join(folder, `RELEASE_NOTES_${version}.md`), `## ${version}\n\n${notes}\n`);
  await writeSbom(join(folder, `sbom-${version}.cdx.json`), buildTime(repository, process.env));
  await writeChecksums(folder);
  const key = process.env['RELEASE_GPG_KEY'];
  if (key !== undefined && key !== '') {
    await signAll(folder, key);
    return;
  }
  if (tagged && context.values['allow-unsigned'] !== true)
    throw new Error('There is no key to sign with: set RELEASE_GPG_KEY, or --allow-unsigned');
  context.say('warning: RELEASE_GPG_KEY is not set, the packages are not signed');
}

/** The version that a folder of packages has. */
async function versionIn(folder: string): Promise<string> {
  for (const name of await readdir(folder)) {
    const version = /^provisioning-core-(.+)\.tar\.gz$/.exec(name)?.[1];
    if (version !== undefined) return version;
  }
  throw new UsageError(`No core package in ${folder}; name the version with --version`);
}
