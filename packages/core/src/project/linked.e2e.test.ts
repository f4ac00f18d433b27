import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import type { Surroundings } from '../config/index.ts';
import { ExtensionCatalogue } from '../extensions/discover.ts';
import { TestFolder } from '../extensions/testing/extension-folder.ts';
import { LinkedModules, loadModules } from '../modules/index.ts';
import { generateExtension } from '../scaffolds/generate.ts';
import { initWorkspace } from '../workspace/index.ts';
import { openProject, type OpenedProject } from './open.ts';

jest.setTimeout(120_000);

/** A workspace whose infrastructure has a linked provider, as its author has it while writing it. */
async function world(folder: TestFolder) {
  const surroundings: Surroundings = {
    env: { PATH: process.env['PATH'], USER: 'ana' },
    ...{ cwd: folder.path, home: folder.path, platform: 'linux', now: () => new Date() },
    installation: join(import.meta.dirname, '..', '..', '..', '..'),
  };
  const made = await initWorkspace({ surroundings, version: '0.1.0', target: 'shop', infra: 'prod' });
  const { path } = await generateExtension({
    ...{ type: 'provider', name: 'my-cloud', author: 'Ana', template: 'cloud', year: 2026 },
    output: join(made.path, 'extensions'),
  });
  const catalogue = new ExtensionCatalogue({ workspacePath: made.path, moduleUrls: [import.meta.url] });
  const base = join(made.path, 'infra', 'prod');
  const target = {
    base,
    layer: 'infrastructure',
    workspacePath: made.path,
    infra: 'prod',
    name: 'prod',
  } as const;
  await loadModules({ catalogue, kind: 'provider', target, names: ['my-cloud'], mode: 'link' });
  const open = (linked: LinkedModules | undefined, environment = 'dev'): Promise<OpenedProject> =>
    openProject({
      ...{ surroundings, environment, moduleUrls: [import.meta.url] },
      ...{ workspace: { name: 'shop', path: made.path }, infra: 'prod' },
      ...(linked === undefined ? {} : { linked }),
    });
  return { path, open };
}

const descriptionOf = async (opened: OpenedProject): Promise<string> => {
  await using project = opened.project;
  return (await project.providerMetadata('my-cloud')).description;
};

test('08 §5.1 a service reloads linked modules on change; a reload that does not validate keeps the old', async () => {
  await using folder = await TestFolder.create();
  const { path, open } = await world(folder);
  let told = (_message: string): void => undefined;
  await using linked = new LinkedModules({
    log: (level, message) => told(`${level} ${message}`),
    debounce: 50,
  });
  /** Changes something; ends when that is said of it. */
  const change = async (expected: string | RegExp, work: () => Promise<unknown>): Promise<void> => {
    const said = new Promise<void>((resolve) => {
      told = (message) => {
        if (typeof expected === 'string' ? message === expected : expected.test(message)) resolve();
      };
    });
    await work();
    await said;
  };
  const source = join(path, 'src', 'index.ts');
  const text = await readFile(source, 'utf8');
  const described = (description: string): string =>
    text.replace(/description: '[^']*'/, `description: '${description}'`);

  const taken = `info Extension in ${path} was read again`;
  const kept = /^warn Extension in .+ does not validate: .+; the one before stays in use$/;

  expect(described('second')).not.toBe(text);
  await descriptionOf(await open(linked));
  await change(taken, () => writeFile(source, described('second')));
  expect(await descriptionOf(await open(linked))).toBe('second');

  await change(kept, () => writeFile(source, 'export default {'));
  expect(await descriptionOf(await open(linked))).toBe('second');
  // Others, and other environments, see the folder as it is.
  const broken = { code: 'PROVIDER_LOAD_FAILED' };
  await expect(descriptionOf(await open(undefined))).rejects.toMatchObject(broken);
  await expect(descriptionOf(await open(linked, 'prod'))).rejects.toMatchObject(broken);

  await change(taken, () => writeFile(source, described('third')));
  expect(await descriptionOf(await open(linked))).toBe('third');
  // A manifest that is gone for a while, a folder that is gone, and what is in a new one.
  await change(kept, () => rename(join(path, 'manifest.yaml'), join(path, 'manifest.old')));
  expect(await descriptionOf(await open(linked))).toBe('third');
  await change(taken, () => rename(join(path, 'manifest.old'), join(path, 'manifest.yaml')));
  const [code, saved] = [join(path, 'src'), join(folder.path, 'saved')];
  await cp(code, saved, { recursive: true });
  await change(kept, () => rm(code, { recursive: true }));
  await change(taken, () => cp(saved, code, { recursive: true }));
  await change(taken, () => writeFile(source, described('fourth')));
  expect(await descriptionOf(await open(linked))).toBe('fourth');
});
