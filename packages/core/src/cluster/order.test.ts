import { expect, test } from '@jest/globals';
import type { Component } from '@provisioning/extensions-sdk';
import fc from 'fast-check';
import { componentLayers } from './order.ts';
import { expandPlacement } from './placement.ts';

const component = (name: string, dependencies: string[] = [], enabled = true): Component => ({
  name,
  type: 'taskserv',
  enabled,
  dependencies,
  config: {},
});
const names = (layers: Component[][]): string[][] => layers.map((layer) => layer.map(({ name }) => name));

test('07.A18 a cycle and an unknown dependency are told before anything is deployed', () => {
  const cycle = [component('a', ['c']), component('b', ['a']), component('c', ['b'])];
  expect(() => componentLayers(cycle)).toThrow(
    'Circular dependency detected in cluster components: a → c → b → a',
  );
  expect(() => componentLayers([component('a', ['x'])])).toThrow(
    "Component 'a' depends on unknown component 'x'",
  );
});

test('components that wait for nothing come together; switched-off ones hold nobody up', () => {
  const layers = componentLayers([
    component('app', ['db', 'off']),
    component('db'),
    component('cache'),
    component('off', [], false),
  ]);
  expect(names(layers)).toEqual([['db', 'cache'], ['app']]);
});

test('every component comes after all it depends on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.infiniteStream(fc.nat(100)), (size, chance) => {
      const components = Array.from({ length: size }, (_value, index) => {
        const before = Array.from({ length: index }, (_other, other) => `c${other}`);
        return component(
          `c${index}`,
          before.filter(() => Number(chance.next().value) < 20),
        );
      });
      const seen = new Set<string>();
      for (const layer of componentLayers(components.toReversed())) {
        for (const { dependencies } of layer) for (const name of dependencies) expect(seen).toContain(name);
        for (const { name } of layer) seen.add(name);
      }
      expect(seen.size).toBe(size);
    }),
  );
});

test('configuration names where other components are', () => {
  const placement = new Map([['web', ['w1', 'w2']]]);
  const config = {
    members: '@servers(web)',
    of: '@first(web)',
    list: [{ '@each': 'web', server: '@server', port: 80 }, 'x'],
  };
  expect(expandPlacement(config, placement)).toEqual({
    members: ['w1', 'w2'],
    of: 'w1',
    list: [{ server: 'w1', port: 80 }, { server: 'w2', port: 80 }, 'x'],
  });
});
