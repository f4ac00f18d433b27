import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandOutputs, ErrorOutput } from '@provisioning/client';
import { Value } from 'typebox/value';
import { Sandbox } from '../test/sandbox.ts';

describe('what commands print for programs', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make();
    await sandbox.run(['workspace', 'init', 'shop', '--template', 'demo', '--infra-name', 'demo']);
  });
  afterAll(() => sandbox.remove());

  test.each([
    'server list',
    'taskserv list',
    'workspace list',
    'list infras',
    'workspace init --check',
    'orchestrator status',
    'status',
  ])(
    '%s keeps its contract',
    async (line) => {
      const words = [...line.split(' '), ...(line.startsWith('workspace init') ? ['other'] : [])];
      const { code, stdout } = await sandbox.run([...words, '--out', 'json']);
      expect([0, 1]).toContain(code);
      expect(Value.Errors(commandOutputs[line]!, JSON.parse(stdout))).toEqual([]);
    },
    60_000,
  );

  test('server list --all keeps its contract for planned servers', async () => {
    const { stdout } = await sandbox.run(['server', 'list', '--all', '--out', 'json']);
    const servers = JSON.parse(stdout) as { hostname: string; status: string }[];
    expect(Value.Errors(commandOutputs['server list']!, servers)).toEqual([]);
    expect(servers).toContainEqual(expect.objectContaining({ hostname: 'db-01', status: 'planned' }));
  }, 60_000);

  test('a failure keeps its contract', async () => {
    const { code, stdout, stderr } = await sandbox.run(['infra', 'show', 'nope', '--out', 'json']);
    expect([code, stdout]).toEqual([5, '']);
    expect(Value.Errors(ErrorOutput, JSON.parse(stderr))).toEqual([]);
  }, 60_000);
});
