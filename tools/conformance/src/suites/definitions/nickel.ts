import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  evaluateFile,
  initWorkspace,
  loadConfiguration,
  loadInfrastructure,
  processSurroundings,
  Renderer,
  renderedDefinition,
  workspaceTemplates,
} from '@provisioning/core';
import type { CaseResult } from '../../suite.ts';

const run = promisify(execFile);
const version = '1.18.0';
const kept = path.join(import.meta.dirname, '../../../.cache/nickel');

/**
 * Puts a `nickel` on the path of this process: the machine's own, else one built from its crate, once, which takes a
 * quarter of an hour. @returns why there is none, or nothing
 */
export async function provideNickel(say: (message: string) => void): Promise<string | undefined> {
  const answers = (binary: string): Promise<boolean> =>
    run(binary, ['--version']).then(
      () => true,
      () => false,
    );
  if (await answers(process.env['NICKEL_PATH'] ?? 'nickel')) return undefined;
  const binary = path.join(kept, 'bin', 'nickel');
  if (!existsSync(binary)) {
    if (!(await answers('cargo'))) return 'there is neither nickel nor cargo to build it';
    say(`building nickel ${version} from its crate; this takes a while`);
    await mkdir(kept, { recursive: true });
    const how = ['install', '--locked', '--root', kept, '--version', version, 'nickel-lang-cli'];
    try {
      await run('cargo', how, { maxBuffer: 1 << 26 });
    } catch (error) {
      return `cargo could not build nickel: ${(error as Error).message.split('\n').at(-1)}`;
    }
  }
  process.env['NICKEL_PATH'] = binary;
  return undefined;
}

/** What of Nickel the languages' example does not show: generated workspaces, imports, errors, the render daemon. */
export async function nickelCases(folder: string): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const check = async (name: string, work: () => Promise<unknown>, wanted: unknown): Promise<void> => {
    const found = await work().catch((error: unknown) => String(error));
    const same = JSON.stringify(found) === JSON.stringify(wanted);
    const reason = `expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`;
    results.push(same ? { name, status: 'passed' } : { name, status: 'failed', reason });
  };
  const surroundings = { ...processSurroundings(folder), home: folder };
  const context = { workspace: 'w', infra: 'main', environment: 'dev', env: process.env, params: {} };
  for (const { name } of workspaceTemplates) {
    await check(
      `02.A8 03 §4.1 template ${name} in Nickel resolves to what it does in TOML`,
      async () => {
        const rendered: string[] = [];
        for (const format of ['toml', 'ncl'] as const) {
          const target = path.join(folder, format, name);
          const made = await initWorkspace({
            surroundings,
            version: '0.1.0',
            target,
            name: `${name}-${format}`,
            template: name,
            format,
          });
          const workspace = { name, path: made.path };
          await loadConfiguration({ surroundings, workspace, infra: made.infra!, flags: {} });
          const loaded = await loadInfrastructure({
            workspacePath: made.path,
            infra: made.infra!,
            surroundings,
          });
          rendered.push(renderedDefinition(loaded).replaceAll(`${name}-${format}`, name));
        }
        return rendered[0] === rendered[1];
      },
      true,
    );
  }
  const file = path.join(folder, 'main.ncl');
  const part = path.join(folder, 'part.ncl');
  const evaluated = async (): Promise<unknown> =>
    (await evaluateFile(file, 'ncl', { context, cacheFolder: path.join(folder, 'cache') })).value;
  await writeFile(file, '{ count = 1 + 1, kind = (import "part.ncl").kind }\n');
  await writeFile(part, '{ kind = "one" }\n');
  await check('arithmetic and an import', evaluated, { count: 2, kind: 'one' });
  await writeFile(part, '{ kind = "two" }\n');
  await check('02.A8 a changed import changes the result at once', evaluated, { count: 2, kind: 'two' });
  const broken = path.join(folder, 'broken.ncl');
  await writeFile(broken, '{\n  count = 1 + "x",\n}\n');
  await check(
    'an error names line and column',
    () =>
      evaluateFile(broken, 'ncl', { context }).then(
        () => 'evaluated',
        ({ code, location }: { code: string; location: object }) => ({ code, ...location }),
      ),
    { code: 'EVALUATION_FAILED', file: broken, line: 2, column: 15 },
  );
  await writeFile(broken, '{ make = fun x => x }\n');
  await check(
    'a function is no data',
    () => evaluateFile(broken, 'ncl', { context }).catch(({ code }: { code: string }) => code),
    'EVALUATION_FAILED',
  );
  const renderer = new Renderer({ env: process.env });
  const request = {
    language: 'nickel',
    content: '{ greeting = "hello %{ctx.name}", port = ctx.port + 1 }',
    context: { name: 'web', port: 80 },
  } as const;
  await check(
    '02 §16 the renderer evaluates Nickel with its context',
    async () => {
      const { rendered, error } = await renderer.render(request);
      return [error, JSON.parse(rendered ?? 'null') as unknown];
    },
    [null, { greeting: 'hello web', port: 81 }],
  );
  await check(
    '02 §16 what does not evaluate is a result with its error',
    async () => {
      const { rendered, error } = await renderer.render({ ...request, content: '{ a = ' });
      return [rendered, error?.startsWith('Nickel evaluation failed: ')];
    },
    [null, true],
  );
  return results;
}
