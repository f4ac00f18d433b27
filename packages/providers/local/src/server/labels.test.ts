import { expect, test } from '@jest/globals';
import { planSize } from '../plans.ts';
import {
  belongsTo,
  containerName,
  isServer,
  labelKeys,
  managedBy,
  nearest,
  networkName,
  ownerLabels,
} from './labels.ts';
import { serverState } from './observe.ts';

const owner = { workspace: { name: 'demo', path: '/home/a/demo' }, infra: 'prod' };
const labels = {
  ...ownerLabels(owner),
  [labelKeys.path]: owner.workspace.path,
  [labelKeys.hostname]: 'web-01',
};
const container = (Names: string[], Labels: Record<string, string>) => ({ Names, Labels });

test('a server is what has both our labels and the name they lead to', () => {
  const name = containerName(owner, 'web-01');
  expect(isServer(container([`/${name}`], labels))).toBe(true);
  expect(isServer(container(['/copy-of-it'], labels))).toBe(false);
  expect(isServer(container([`/${name}`], {}))).toBe(false);
  expect(isServer(container([`/${name}`], { ...labels, [managedBy.key]: 'somebody' }))).toBe(false);
  expect(isServer(container([`/${name}`], { ...labels, [labelKeys.hostname]: 'web-02' }))).toBe(false);
});

test('two workspaces of one name stay apart, a moved one keeps its servers', () => {
  const other = { ...owner, workspace: { name: 'demo', path: '/home/b/demo' } };
  expect(containerName(other, 'web-01')).not.toBe(containerName(owner, 'web-01'));
  expect(networkName(other)).not.toBe(networkName(owner));
  expect(belongsTo(labels, owner, () => true)).toBe(true);
  expect(belongsTo(labels, other, () => true)).toBe(false);
  expect(belongsTo(labels, other, () => false)).toBe(true);
  expect(belongsTo(labels, { ...owner, infra: 'test' }, () => false)).toBe(false);
});

test('what is left of a workspace that is gone does not stand before a server of this one', () => {
  const left = { Labels: { ...labels, [labelKeys.path]: '/home/gone/demo' } };
  const own = { Labels: labels };
  expect(nearest([left, own], owner)).toEqual([own]);
  expect(nearest([left], owner)).toEqual([left]);
});

test('container states in the words of the model', () => {
  const states = ['created', 'exited', 'paused', 'running', 'restarting', 'removing', 'dead', 'odd'];
  expect(states.map(serverState)).toEqual([
    ...['creating', 'stopped', 'stopped', 'running', 'rebooting', 'deleting', 'error', 'unknown'],
  ]);
});

test('plans have a size, and a wrong name says so', () => {
  expect(planSize('medium')).toEqual({ cores: 4, memory: 8192 });
  expect(planSize('2xCPU-4GB')).toEqual({ cores: 2, memory: 4096 });
  expect(planSize('1xCPU-512MB')).toEqual({ cores: 1, memory: 512 });
  for (const wrong of ['huge', '0xCPU-1GB', '2xCPU', '']) {
    expect(() => planSize(wrong)).toThrow(`Invalid server plan: ${wrong}`);
  }
});
