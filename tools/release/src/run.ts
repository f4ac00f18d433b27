/**
 * `npm run release:packages -- <step> …`
 *   stage <folder>                        every package as it is published
 *   publish --registry URL [--tag T]      stage and publish; what is there already is left alone. Token: NPM_TOKEN
 *   rehearse                              stage, publish to a local registry, install from it, try, uninstall
 *   sbom <file>                           bill of materials (CycloneDX)
 *   compatibility                         versions of the working tree against compatibility.toml
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { registry: { type: 'string' }, tag: { type: 'string' }, provenance: { type: 'boolean' } },
});
const [step, target] = positionals;
const say = (message: string): void => console.error(message);

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
      const token = process.env['NPM_TOKEN'];
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
    const { published, install, left } = await rehearse(say);
    console.log(
      `Published ${published.length} packages; installed ${(install.bytes / 1024 / 1024).toFixed(1)} MiB in ${install.packages} packages`,
    );
    for (const { words } of install.commands) console.log(`ok provisioning ${words.join(' ')}`);
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
  console.error(`${problem}\nSteps: ${Object.keys(steps).join(', ')}`);
  return 2;
}

const work = steps[step ?? ''];
process.exitCode = work === undefined ? usage(`Unknown step: ${step ?? '(none)'}`) : await work();
