import { expect, test } from '@jest/globals';
import { kubernetesNodes, nodeDefaults, serversOfNodes } from './nodes.ts';

const server = (hostname: string, ...names: string[]) => ({
  hostname,
  taskservs: names.map((name) => ({ name, profile: 'default', enabled: true, config: {} })),
});
const five = ['a', 'b', 'c', 'd', 'e'].map((name) => server(name));

test('07 §3 counts of kubernetes choose nodes where none are named, in the order of the definition', () => {
  const taskservs = { kubernetes: { control_plane_count: 3, worker_count: 2 } };
  const definition = { servers: five, taskservs };
  expect(kubernetesNodes(definition)).toEqual({ controlPlane: ['a', 'b', 'c'], workers: ['d', 'e'] });
  expect(serversOfNodes('k8s-nodejoin', definition)).toEqual(['d', 'e']);
  expect(nodeDefaults('kubernetes', definition)).toEqual({
    nodes: { control_plane: ['a', 'b', 'c'], workers: ['d', 'e'] },
  });
  const placed = {
    servers: [server('x'), server('y', 'kubernetes'), server('z', 'k8s-nodejoin')],
    taskservs,
  };
  expect(kubernetesNodes(placed)).toEqual({ controlPlane: ['y'], workers: ['z'] });
  const named = { kubernetes: { ...taskservs.kubernetes, nodes: { control_plane: ['e'], workers: ['a'] } } };
  expect(serversOfNodes('kubernetes', { servers: five, taskservs: named })).toEqual(['e']);
});

test('07 §3 fewer servers than kubernetes counts: what to set', () => {
  const definition = { servers: five.slice(0, 2), taskservs: { kubernetes: { control_plane_count: 3 } } };
  expect(() => serversOfNodes('kubernetes', definition)).toThrow(
    expect.objectContaining({
      code: 'KUBERNETES_NODES',
      exitCode: 3,
      message: expect.stringContaining('3 control planes and 0 workers'),
      hint: expect.stringContaining('control_plane_count'),
    }),
  );
});

test('several servers with kubernetes are one cluster; its workers take what its servers must have', () => {
  const servers = [server('a', 'kubernetes'), server('b', 'kubernetes'), server('c', 'k8s-nodejoin')];
  const taskservs = { kubernetes: { resources: { worker: { memory: '8Gi' } } } };
  expect(nodeDefaults('kubernetes', { servers, taskservs })).toMatchObject({
    nodes: { control_plane: ['a', 'b'], workers: ['c'] },
  });
  expect(nodeDefaults('k8s-nodejoin', { servers, taskservs })).toMatchObject({
    ...{ cp_hostname: 'a', resources: { memory: '8Gi' } },
  });
  const both = [server('a', 'kubernetes'), server('b', 'kubernetes', 'k8s-nodejoin')];
  expect(nodeDefaults('k8s-nodejoin', { servers: both, taskservs: {} })).toEqual({ cp_hostname: 'a' });
  expect(nodeDefaults('kubernetes', { servers: both, taskservs: {} })).toEqual({});
  const alone = { servers: servers.slice(0, 1), taskservs: {} };
  expect(nodeDefaults('kubernetes', alone)).toEqual({});
});
