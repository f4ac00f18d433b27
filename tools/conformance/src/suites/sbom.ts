import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSbom } from '../../../release/src/sbom.ts';
import { installFromPypi } from '../python-environment.ts';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const root = join(import.meta.dirname, '../../../..');
const folder = join(import.meta.dirname, '../../.cache/sbom');
const validator = `
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
text = open(sys.argv[1]).read()
error = JsonStrictValidator(SchemaVersion.from_version(json.loads(text)["specVersion"])).validate_str(text)
sys.exit(0 if error is None else str(error)[:400])
`;

interface Bom {
  readonly components: readonly { readonly name: string; readonly group?: string; readonly purl?: string }[];
  readonly metadata: { readonly component: { name: string } };
  readonly dependencies: { ref: string }[];
}

/** Why the validator of the CycloneDX project refuses a file, `undefined` when it does not. */
function refusal(file: string): string | undefined {
  const { status, stderr } = spawnSync(join(folder, 'bin/python'), ['-c', validator, file], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stderr.trim() || `ended with ${status}`;
}

/** Names of packages outside the repository that published packages need. */
async function needed(): Promise<readonly string[]> {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<
      Record<string, { readonly private?: boolean; readonly dependencies?: Readonly<Record<string, string>> }>
    >;
  };
  const own = Object.entries(lock.packages).filter(
    ([path]) => path.startsWith('packages/') && !path.includes('node_modules'),
  );
  const names = own.flatMap(([, { dependencies = {} }]) => Object.keys(dependencies));
  return [...new Set(names.filter((name) => !name.startsWith('@provisioning/')))].sort();
}

const suite: ConformanceSuite = {
  title: 'The bill of materials of a release, checked by the validator of the CycloneDX project',
  async run(say) {
    const missing = installFromPypi(folder, 'bin/jsonschema', ['cyclonedx-python-lib[json-validation]'], say);
    if (missing !== undefined)
      return { cases: [{ name: 'bill of materials', status: 'skipped', reason: missing }] };
    const work = await mkdtemp(join(tmpdir(), 'provisioning-sbom-'));
    const cases: CaseResult[] = [];
    const check = (name: string, reason: string | undefined): void =>
      void cases.push(reason === undefined ? { name, status: 'passed' } : { name, status: 'failed', reason });
    try {
      const file = join(work, 'sbom.cdx.json');
      await writeSbom(file, 1_700_000_000);
      const text = await readFile(file, 'utf8');
      check('it is valid CycloneDX', refusal(file));
      const bom = JSON.parse(text) as Bom;
      const damaged = join(work, 'damaged.cdx.json');
      await writeFile(damaged, JSON.stringify({ ...bom, components: [{ name: 'without a type' }] }));
      check('the validator refuses a damaged one', refusal(damaged) === undefined ? 'it passed' : undefined);
      const { name } = bom.metadata.component;
      check('it names the product', name === 'provisioning' ? undefined : `it names ${name}`);
      const listed = new Set(
        bom.components.map((one) => `${one.group === undefined ? '' : `${one.group}/`}${one.name}`),
      );
      const absent = (await needed()).filter((one) => !listed.has(one));
      check('it lists what the published packages need', absent.length === 0 ? undefined : absent.join(', '));
      await writeSbom(file, 1_700_000_000);
      check('two of one tree are equal', (await readFile(file, 'utf8')) === text ? undefined : 'they differ');
      return { cases };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  },
};
export default suite;
