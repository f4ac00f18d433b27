import { expect, test } from '@jest/globals';
import { ConfigurationSchema, defaultsOf } from '@provisioning/extensions-sdk';
import { executionMode, type ModeInput } from './mode.ts';

const defaults = defaultsOf(ConfigurationSchema) as Record<string, Record<string, unknown>>;

/** The mode of a command under the built-in configuration, with what is said otherwise. */
function mode(
  id: string,
  {
    set = {},
    globals = {},
    ...more
  }: {
    readonly set?: Readonly<Record<string, unknown>>;
    readonly globals?: Partial<ModeInput['globals']>;
  } & Partial<Pick<ModeInput, 'operations' | 'slow'>> = {},
): string {
  return executionMode({
    id,
    operations: 1,
    slow: false,
    ...more,
    globals: { check: false, direct: false, orchestrated: false, ...globals },
    configuration: {
      get(path) {
        const [section = '', key = ''] = path.split('.');
        return path in set ? set[path] : defaults[section]?.[key];
      },
    },
  });
}

test('creating goes through the orchestrator, reading does not; of two lists that match, direct wins', () => {
  expect(mode('server.create')).toBe('orchestrated');
  expect(mode('cluster.create')).toBe('orchestrated');
  expect(mode('batch.submit')).toBe('orchestrated');
  expect(mode('server.list', { slow: true })).toBe('direct');
  expect(mode('workflow.list')).toBe('direct');
});

test('without a list that matches it depends on how much there is to do, unless a mode is set', () => {
  expect(mode('server.delete')).toBe('direct');
  expect(mode('server.delete', { operations: 2 })).toBe('orchestrated');
  expect(mode('server.delete', { slow: true })).toBe('orchestrated');
  expect(mode('server.delete', { set: { 'execution.default_mode': 'orchestrated' } })).toBe('orchestrated');
  expect(mode('deploy', { slow: true, set: { 'execution.default_mode': 'direct' } })).toBe('direct');
});

test('lists of one’s own replace the built-in ones, empty ones too', () => {
  const set = { 'execution.force_orchestrated': [], 'execution.force_direct': ['server.*'] };
  expect(mode('cluster.create', { set })).toBe('direct');
  expect(mode('server.create', { set })).toBe('direct');
});

test('checking is direct whatever else is said; flags come next; a switched-off orchestrator is never used', () => {
  expect(mode('server.create', { globals: { check: true, orchestrated: true } })).toBe('direct');
  expect(mode('server.create', { globals: { direct: true } })).toBe('direct');
  expect(mode('server.list', { globals: { orchestrated: true } })).toBe('orchestrated');
  expect(mode('server.create', { set: { 'orchestrator.enabled': false } })).toBe('direct');
});
