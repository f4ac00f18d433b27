import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defaultsOf } from '../schemas/defaults.ts';
import type { TaskservManifest } from '../schemas/taskserv.ts';
import { mergeRecords } from '../makers/merge.ts';
import { findingsOf } from './package-groups.ts';
import { expectThat, type GroupRecorder } from './report.ts';
import { blockFindings, unknownSettings } from './template-text.ts';

/** 4: a schema whose defaults, and every profile over them, are valid (07 §2). */
export async function configured(
  group: GroupRecorder,
  folder: string,
  { name, profiles }: TaskservManifest,
): Promise<void> {
  let schema: Record<string, unknown> | undefined;
  await group.check('schema/config.json is a JSON Schema of an object', async () => {
    schema = await readSchema(folder);
    expectThat(schema['type'] === 'object', `type is ${String(schema['type'])}`);
    findingsOf(schema, {});
  });
  if (schema === undefined) return;
  // What has no default is for the user to give.
  const wrong = (values: Record<string, unknown>): string[] =>
    findingsOf({ ...schema, required: [] }, mergeRecords(defaultsOf(schema as never), values));
  await group.check('its defaults are valid', () => {
    const findings = wrong({});
    expectThat(findings.length === 0, findings.join('; '));
  });
  for (const [profile, values] of Object.entries(profiles)) {
    await group.check(`profile ${profile} is valid`, () => {
      const findings = wrong(structuredClone(values));
      expectThat(findings.length === 0, findings.join('; '));
    });
  }
  await group.check('schema/version.json and dependencies.json name the same taskserv', async () => {
    for (const file of ['version', 'dependencies']) {
      const text = await readFile(join(folder, 'schema', `${file}.json`), 'utf8').catch(() => undefined);
      const said = text === undefined ? name : (JSON.parse(text) as { name?: unknown }).name;
      expectThat(said === name, `${file}.json names ${String(said)}`);
    }
  });
}

/** 5: what the manifest names is there, and templates ask only for settings there are. */
export async function declaredPartsExist(
  group: GroupRecorder,
  folder: string,
  { name, install, health }: TaskservManifest,
): Promise<void> {
  const names = (await readdir(join(folder, 'default')).catch(() => [])).filter((file) =>
    file.endsWith('.hbs'),
  );
  await group.check('every file has its template, and every template its file', () => {
    const used = new Set([...install.files.map(({ template }) => template), `env-${name}.hbs`]);
    const missing = install.files.map(({ template }) => template).filter((file) => !names.includes(file));
    expectThat(missing.length === 0, `default/ lacks ${missing.join(', ')}`);
    const left = names.filter((file) => !used.has(file));
    expectThat(left.length === 0, `nothing uses ${left.join(', ')}`);
  });
  const schema = await readSchema(folder).catch(() => ({}));
  for (const file of names) {
    await group.check(`default/${file} is a template`, async () => {
      const text = await readFile(join(folder, 'default', file), 'utf8');
      const findings = [...blockFindings(text), ...unknownSettings(text, schema)];
      expectThat(findings.length === 0, findings.join('; '));
    });
  }
  await group.check('manifest.yaml asks only for settings there are', () => {
    const findings = unknownSettings(JSON.stringify({ install, health }), schema);
    expectThat(findings.length === 0, findings.join('; '));
  });
  await group.check('downloads carry a checksum', () => {
    const bare = install.assets.filter(({ sha256, checksum_url }) => sha256 === '' && checksum_url === '');
    expectThat(bare.length === 0, `without: ${bare.map(({ url }) => url).join(', ')}`);
  });
}

/** 6: scripts that stop at the first error and that a shell understands (07 §7). */
export async function scripted(group: GroupRecorder, folder: string): Promise<void> {
  const place = join(folder, 'scripts');
  const names = (await readdir(place).catch(() => [])).filter((file) => file.endsWith('.sh'));
  if (names.length === 0) return group.skip('scripts/', 'there are none');
  for (const name of names) {
    // What only reports facts goes on: a fact that can't be told is one that is missing.
    if (name !== 'check.sh')
      await group.check(`scripts/${name} stops at the first error`, async () => {
        const text = await readFile(join(place, name), 'utf8');
        expectThat(/^set -[a-z]*e/m.test(text), "it says no 'set -e'");
      });
  }
  const files = names.map((name) => join(place, name));
  const isThere = await promisify(execFile)('shellcheck', ['--version']).then(
    () => true,
    () => false,
  );
  const name = 'scripts pass shellcheck';
  if (!isThere) {
    for (const file of files)
      await group.check(`${file} is a shell script`, () => parses('sh', ['-n', file]));
    return group.skip(name, 'there is no shellcheck on this machine');
  }
  await group.check(name, () =>
    parses('shellcheck', ['-s', 'sh', '-f', 'gcc', '--severity', 'warning', ...files]),
  );
}

async function parses(program: string, words: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)(program, [...words]);
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${stdout}${stderr}`.trim() || message, { cause: error });
  }
}

async function readSchema(folder: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, 'schema', 'config.json'), 'utf8')) as Record<string, unknown>;
}
