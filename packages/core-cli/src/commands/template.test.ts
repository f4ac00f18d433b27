import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CliBed } from '../testing/cli-bed.ts';

/** Every built-in template on an infrastructure that it fits: applied, validated, and part of what is planned. */
let bed: CliBed;

beforeAll(async () => {
  bed = await CliBed.make('');
});

afterAll(() => bed?.[Symbol.asyncDispose]());

interface Shown {
  readonly template: { readonly targets: readonly string[] };
  readonly requirements: {
    readonly min_servers: number;
    readonly min_memory_gb: number;
    readonly providers: readonly string[];
    readonly required_taskservs: readonly string[];
  };
  readonly variables: Readonly<Record<string, { readonly required?: boolean }>>;
}

async function must(line: string): Promise<string> {
  const { code, stdout, stderr } = await bed.cli(line);
  if (code !== 0) throw new Error(`${line}: exit ${code}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** A definition with as many servers as the template wants, and with what it speaks of. */
async function fitting({ template, requirements }: Shown): Promise<Record<string, string[]>> {
  const targets: Record<string, string[]> = { taskserv: [], provider: [], cluster: [] };
  for (const target of template.targets) {
    const [kind = '', name = ''] = target.split(':');
    targets[kind]!.push(name);
  }
  const provider = requirements.providers[0] ?? 'local';
  const memory = Math.max(requirements.min_memory_gb, 1) * 1024;
  const taskservs = JSON.stringify([
    ...new Set(['os', ...requirements.required_taskservs, ...targets['taskserv']!]),
  ]);
  const server = (index: number): string =>
    `[[servers]]\nhostname = "s-${index}"\nprovider = "${provider}"\nmemory = ${memory}\ntaskservs = ${taskservs}\n`;
  await rm(join(bed.infra, '.manifest'), { recursive: true, force: true });
  for (const made of ['taskservs', 'policies', 'monitoring', 'clusters', 'providers'])
    await rm(join(bed.infra, made), { recursive: true, force: true });
  await bed.define(
    Array.from({ length: Math.max(1, requirements.min_servers) }, (_value, index) => server(index + 1)).join(
      '',
    ),
  );
  return targets;
}

test('08.A10 08.A11 each of the 13 templates fits, is valid, and is part of the plan', async () => {
  const listed = await bed.json<{ readonly name: string }[]>('template list');
  expect(listed).toHaveLength(13);
  for (const { name } of listed) {
    const shown = await bed.json<Shown>(`template show ${name}`);
    const targets = await fitting(shown);
    const required = Object.entries(shown.variables).filter(([, { required }]) => required === true);
    const values = required.map(([variable]) => ` --set ${variable}=git.example.org`).join('');
    expect(await must(`template apply ${name} prod --yes${values}`)).toContain(
      'Template applied successfully!',
    );
    expect(await must('template validate prod')).toContain('Status: ok: Valid');
    // Nobody is logged in to a cloud here; everything else must be right.
    const { stdout, stderr } = await bed.cli('infra validate');
    const errors = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('error'));
    expect([name, errors.filter((line) => !line.includes('Provider credentials'))]).toEqual([name, []]);
    const taskservs = targets['taskserv']!;
    if (taskservs.length > 0) await must(`taskserv create ${taskservs.join(' ')} --check`);
    for (const kind of ['taskserv', 'provider'])
      for (const target of targets[kind]!)
        expect(await must(`layer test ${target}`)).toMatch(/\(from Workspace\)/);
    for (const cluster of targets['cluster']!) {
      const known = await bed.json<{ readonly components: readonly object[] }>(`cluster show ${cluster}`);
      expect(known.components.length).toBeGreaterThan(0);
    }
  }
}, 120_000);

test('08 §6.2 what a template says of a cluster reaches its definition', async () => {
  await bed.define('[[servers]]\nhostname = "s-1"\nprovider = "local"\nmemory = 8192\ntaskservs = ["os"]\n');
  await rm(join(bed.infra, '.manifest'), { recursive: true, force: true });
  expect(JSON.stringify(await bed.json('cluster show buildkit'))).not.toContain('"worker_count":7');
  await must('template apply buildkit-cluster prod --yes --set worker_count=7');
  expect(JSON.stringify(await bed.json('cluster show buildkit'))).toContain('"worker_count":7');
});
