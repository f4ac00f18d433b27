/**
 * `npm run release:packages -- <step> …`
 *   stage <folder>                        every package as it is published
 *   publish --registry URL [--tag T]      stage and publish; what is there already is left alone. Token: NPM_TOKEN or
 *                                         REGISTRY_TOKEN
 *   rehearse [--main-job]                 stage, publish to a local registry, install from it, try, uninstall; with
 *                                         --main-job deploy the demo from that installation, too
 *   sbom <file>                           bill of materials (CycloneDX)
 *   compatibility                         versions of the working tree against compatibility.toml
 * The steps of a release have scripts of their own: release, upload-artifacts, test-dist, create-bundle, test-bundle,
 * publish-bundle, test-integration, update-registry, notify-release, rollback-release.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AuthenticationError, UsageError } from './config.ts';
import { releaseSteps } from './release-steps.ts';
import { options } from './step-options.ts';

const say = (message: string): void => console.error(message);

function readLine() {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(2);
  }
}

const { values, positionals } = readLine();
const [step, target] = positionals;

const steps: Readonly<Record<string, () => Promise<number>>> = {
  async stage() {
    if (target === undefined) return usage('stage needs a folder');
    const { stageAll } = await import('./stage.ts');
    for (const { name, version, folder } of await stageAll(resolve(target), say))
      console.log(`${name} ${version} ${folder}`);
    return 0;
  },
  async publish() {
    if (values.registry === undefined) return usage('publish needs --registry');
    const { stageAll } = await import('./stage.ts');
    const { publishAll } = await import('./publish.ts');
    const folder = await mkdtemp(join(tmpdir(), 'provisioning-publish-'));
    try {
      const token = process.env['NPM_TOKEN'] ?? process.env['REGISTRY_TOKEN'];
      const results = await publishAll(
        await stageAll(folder, say),
        {
          registry: values.registry,
          ...(values.tag === undefined ? {} : { tag: values.tag }),
          ...(token === undefined ? {} : { token }),
          provenance: values.provenance === true,
        },
        say,
      );
      for (const { name, version, state } of results) console.log(`${state} ${name} ${version}`);
      return 0;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  async rehearse() {
    const { rehearse } = await import('./try.ts');
    const { published, install, left, job } = await rehearse(say, { mainJob: values['main-job'] === true });
    console.log(
      `Published ${published.length} packages; installed ${(install.bytes / 1024 / 1024).toFixed(1)} MiB in ${install.packages} packages`,
    );
    for (const { words } of install.commands) console.log(`ok provisioning ${words.join(' ')}`);
    if (job !== undefined)
      console.log(`ok the main job from that installation, ${Math.round(job.seconds)} s`);
    if (left.length > 0) console.error(`Left behind: ${left.join(', ')}`);
    return left.length === 0 ? 0 : 1;
  },
  async sbom() {
    if (target === undefined) return usage('sbom needs a file');
    const { writeSbom } = await import('./sbom.ts');
    console.log(
      `${await writeSbom(resolve(target), Number(process.env['SOURCE_DATE_EPOCH'] ?? 0))} components`,
    );
    return 0;
  },
  async compatibility() {
    const { checkWorkingTree } = await import('./compatibility.ts');
    const findings = checkWorkingTree();
    for (const finding of findings) console.error(finding);
    if (findings.length === 0) console.log('The versions of this working tree go together');
    return findings.length === 0 ? 0 : 1;
  },
};

function usage(problem: string): number {
  console.error(`${problem}\nSteps: ${[...Object.keys(steps), ...Object.keys(releaseSteps)].join(', ')}`);
  return 2;
}

async function main(): Promise<number> {
  const own = releaseSteps[step ?? ''];
  if (own !== undefined) return own({ values, target, print: (line) => console.log(line), say });
  const work = steps[step ?? ''];
  return work === undefined ? usage(`Unknown step: ${step ?? '(none)'}`) : work();
}

try {
  process.exitCode = await main();
} catch (error) {
  const { hint, exitCode } = error as { hint?: unknown; exitCode?: unknown };
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  if (typeof hint === 'string') console.error(`  -> ${hint}`);
  const code = typeof exitCode === 'number' ? exitCode : 1;
  process.exitCode = error instanceof UsageError ? 2 : error instanceof AuthenticationError ? 4 : code;
}
