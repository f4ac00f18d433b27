import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { TSchema } from 'typebox';
import { type extensionKinds, Manifest } from '../schemas/manifest.ts';
import { expectThat, type GroupRecorder } from './report.ts';

/** Needed to publish (08 §10); without them an extension works. */
const documents = ['docs/README.md', 'docs/API.md', 'docs/EXAMPLES.md', 'CHANGELOG.md', 'LICENSE'];

/** 1: a manifest that discovery finds. @returns what it says, even when it is wrong. */
export async function packaged(
  group: GroupRecorder,
  folder: string,
  kind: (typeof extensionKinds)[number],
): Promise<Manifest | undefined> {
  let manifest: Manifest | undefined;
  await group.check(`manifest.yaml names a ${kind}`, async () => {
    manifest = (await readYaml(folder, 'manifest.yaml')) as Manifest | undefined;
    expectThat(typeof manifest === 'object', 'there is no manifest.yaml');
    const findings = findingsOf(Manifest, manifest);
    expectThat(findings.length === 0, findings.join('; '));
    expectThat(manifest.type === kind, `type is ${manifest.type}`);
  });
  await group.check('it neither needs nor refuses itself', () => {
    const { dependencies = {}, conflicts = {}, name } = manifest ?? {};
    const refused = Array.isArray(conflicts) ? conflicts : Object.keys(conflicts);
    // A cluster may be called like the taskserv it deploys.
    expectThat(kind === 'cluster' || !Object.hasOwn(dependencies, name ?? ''), `${name} depends on itself`);
    const both = refused.filter((entry) => Object.hasOwn(dependencies, entry));
    expectThat(both.length === 0 && !refused.includes(name ?? ''), `needed and refused: ${both.join(', ')}`);
  });
  return manifest;
}

/** 2: what people read. */
export async function documented(group: GroupRecorder, folder: string): Promise<void> {
  const files = new Set(await readdir(folder).catch(() => []));
  await group.check('README.md says what it is', async () => {
    expectThat(files.has('README.md'), 'there is no README.md');
    expectThat((await readFile(join(folder, 'README.md'), 'utf8')).trim().length > 40, 'README.md is empty');
  });
  for (const document of documents) {
    const text = await readFile(join(folder, document), 'utf8').catch(() => undefined);
    if (text === undefined) group.skip(document, 'missing; it is needed to publish');
    else await group.check(document, () => expectThat(text.trim() !== '', 'it is empty'));
  }
}

/** A YAML file of the package, `undefined` when there is none. @throws Error with the reason when it does not parse. */
export async function readYaml(folder: string, file: string): Promise<unknown> {
  const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { parse } = await import('yaml');
  return parse(text);
}

/** What a value lacks by a schema; defaults are filled in, in place. */
export function findingsOf(schema: TSchema | object, value: unknown): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true, useDefaults: true, logger: false });
  const validate = ajv.compile(withoutIds(schema));
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}

/** Plain JSON, as any other tool would read it. */
function withoutIds(schema: object): object {
  const {
    $id: _id,
    $schema: _schema,
    ...rest
  } = JSON.parse(JSON.stringify(schema)) as Record<string, unknown>;
  return rest;
}
