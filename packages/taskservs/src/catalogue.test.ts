import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type ConformanceReport, formatReport } from '@provisioning/extensions-sdk/conformance';
import { runClusterConformance, runTaskservConformance } from '@provisioning/extensions-sdk/conformance';

const root = join(import.meta.dirname, '..');
const folders = globSync('*/*/manifest.yaml', { cwd: root }).map((file) => join(root, dirname(file)));
const failed = (reports: readonly ConformanceReport[]): string[] =>
  reports.filter(({ passed }) => !passed).map(formatReport);

test('07 §3 every taskserv of the catalogue passes the conformance kit', async () => {
  const taskservs = folders.filter((folder) => !folder.includes('/clusters/'));
  expect(taskservs.length).toBeGreaterThan(60);
  const reports: ConformanceReport[] = [];
  for (const folder of taskservs) reports.push(await runTaskservConformance({ folder }));
  expect(failed(reports)).toEqual([]);
  const left = reports.flatMap(({ groups }) => groups.flatMap(({ checks }) => checks));
  // The machine of the tests has a shellcheck: what passes here has been through it.
  expect(
    left.filter(({ name, result }) => name === 'scripts pass shellcheck' && result === 'skipped'),
  ).toEqual([]);
}, 300_000);

test('07 §10.1 every cluster of the catalogue passes the conformance kit', async () => {
  const clusters = folders.filter((folder) => folder.includes('/clusters/'));
  expect(clusters.length).toBeGreaterThan(4);
  expect(failed(await Promise.all(clusters.map((folder) => runClusterConformance({ folder }))))).toEqual([]);
});

interface Setting {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Setting>>;
  readonly items?: Setting;
}

test('07 §1 every setting of every taskserv says what it means', async () => {
  const silent: string[] = [];
  const look = ({ properties = {}, items }: Setting, place: string): void => {
    if (items) look(items, `${place}[]`);
    for (const [name, setting] of Object.entries(properties)) {
      if (setting.description === undefined) silent.push(`${place}.${name}`);
      look(setting, `${place}.${name}`);
    }
  };
  for (const file of globSync('*/*/schema/config.json', { cwd: root }))
    look(JSON.parse(await readFile(join(root, file), 'utf8')) as Setting, file.split('/')[1]!);
  expect(silent).toEqual([]);
});
