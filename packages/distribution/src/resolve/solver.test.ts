import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import semver from 'semver';
import { installOrder } from './order.ts';
import { solve } from './solver.ts';
import { type CandidateSource, type PackageKey, type Requirements, Universe } from './universe.ts';

type Registry = Readonly<Record<string, Readonly<Record<string, Requirements>>>>;

function sourceOf(registry: Registry): CandidateSource {
  return {
    versions: async (kind, name) => Object.keys((kind === 'taskserv' ? registry[name] : undefined) ?? {}),
    requirements: async (_kind, name, version) => registry[name]![version]!,
    providers: async (capability) =>
      Object.entries(registry)
        .map(([name, versions]) => ({
          kind: 'taskserv' as const,
          name,
          versions: Object.keys(versions).filter((version) =>
            versions[version]!.provides?.includes(capability),
          ),
        }))
        .filter(({ versions }) => versions.length > 0),
  };
}

function solved(registry: Registry, roots: Readonly<Record<string, string>>, core?: string) {
  const universe = new Universe({ source: sourceOf(registry), ...(core === undefined ? {} : { core }) });
  return solve(
    universe,
    Object.entries(roots).map(([name, range]) => ({ name, range })),
  );
}

function chosen(solution: { readonly versions: ReadonlyMap<PackageKey, string> }): Record<string, string> {
  return Object.fromEntries(
    [...solution.versions].map(([key, version]) => [key.replace('taskserv/', ''), version]),
  );
}

test('09.A6 a chain is resolved and ordered so that what others need comes first', async () => {
  const solution = await solved(
    {
      kubernetes: { '1.28.0': { dependencies: { containerd: '>=1.7.0', etcd: '^3.5.0' } } },
      containerd: { '1.7.0': { dependencies: { runc: '*' } }, '1.8.0': { dependencies: { runc: '*' } } },
      runc: { '1.1.0': {} },
      etcd: { '3.5.0': {}, '3.6.1': {}, '4.0.0': {} },
    },
    { kubernetes: '1.28.0' },
  );
  expect(chosen(solution)).toEqual({
    kubernetes: '1.28.0',
    containerd: '1.8.0',
    runc: '1.1.0',
    etcd: '3.6.1',
  });
  expect(installOrder(solution.versions.keys(), solution.edges).map((key) => key.split('/')[1])).toEqual([
    'runc',
    'containerd',
    'etcd',
    'kubernetes',
  ]);
});

test('09.A7 a circle is named, a missing dependency names its requirer', async () => {
  const solution = await solved(
    { a: { '1.0.0': { dependencies: { b: '*' } } }, b: { '1.0.0': { dependencies: { a: '*' } } } },
    { a: '*' },
  );
  expect(() => installOrder(solution.versions.keys(), solution.edges)).toThrow(
    'Circular dependency detected: a -> b -> a',
  );
  await expect(solved({ a: { '1.0.0': { dependencies: { x: '*' } } } }, { a: '*' })).rejects.toMatchObject({
    message: 'Dependency not found: x',
    hint: 'required by a 1.0.0',
    exitCode: 5,
  });
});

test('09.A8 two ranges that exclude each other are reported with both requirers', async () => {
  const registry: Registry = {
    kubernetes: { '1.28.0': { dependencies: { etcd: '>=3.5.0' } } },
    'legacy-app': { '1.0.0': { dependencies: { etcd: '<3.5.0' } } },
    etcd: { '3.4.0': {}, '3.5.0': {} },
  };
  await expect(solved(registry, { kubernetes: '*', 'legacy-app': '*' })).rejects.toMatchObject({
    exitCode: 1,
    message:
      'Version conflict for etcd:\n  kubernetes 1.28.0 requires >=3.5.0\n  legacy-app 1.0.0 requires <3.5.0',
  });
});

test('09.A8 where an older version satisfies both it is taken', async () => {
  const solution = await solved(
    {
      app: { '1.0.0': { dependencies: { lib: '^1.0.0' } }, '2.0.0': { dependencies: { lib: '^2.0.0' } } },
      other: { '1.0.0': { dependencies: { lib: '^1.0.0' } } },
      lib: { '1.0.0': {}, '1.5.0': {}, '2.0.0': {} },
    },
    { app: '*', other: '*' },
  );
  expect(chosen(solution)).toEqual({ app: '1.0.0', other: '1.0.0', lib: '1.5.0' });
});

test('conflicts exclude each other in both directions', async () => {
  const registry: Registry = {
    kubernetes: { '1.28.0': { conflicts: ['docker'] } },
    docker: { '24.0.0': {} },
  };
  await expect(solved(registry, { kubernetes: '*', docker: '*' })).rejects.toMatchObject({
    code: 'EXTENSION_CONFLICT',
    message: 'Conflict: kubernetes 1.28.0 cannot be installed with docker 24.0.0',
  });
  await expect(solved(registry, { docker: '*', kubernetes: '*' })).rejects.toMatchObject({
    code: 'EXTENSION_CONFLICT',
  });
});

test('a capability is satisfied by whoever provides it, another provider is tried on a conflict', async () => {
  const solution = await solved(
    {
      kubernetes: { '1.0.0': { dependencies: { 'container-runtime': '*' }, conflicts: ['containerd'] } },
      containerd: { '1.0.0': { provides: ['container-runtime'] } },
      crio: { '1.0.0': {}, '0.9.0': { provides: ['container-runtime'] } },
    },
    { kubernetes: '*' },
  );
  expect(chosen(solution)).toEqual({ kubernetes: '1.0.0', crio: '0.9.0' });
  expect(solution.edges.get('taskserv/kubernetes')).toEqual(['taskserv/crio']);
});

test('optional dependencies constrain but are not added; pre-releases need to be named; the core must fit', async () => {
  const registry: Registry = {
    a: { '1.0.0': { optional_dependencies: { b: '<2.0.0' } } },
    b: { '1.0.0': {}, '2.0.0': {}, '3.0.0-rc.1': {} },
    c: {
      '1.0.0': {},
      '2.0.0': { min_provisioning_version: '9.0.0' },
      '3.0.0': { compatibility: { provisioning: '>=9' } },
    },
  };
  expect(chosen(await solved(registry, { a: '*' }))).toEqual({ a: '1.0.0' });
  expect(chosen(await solved(registry, { a: '*', b: '*' }))).toEqual({ a: '1.0.0', b: '1.0.0' });
  expect(chosen(await solved(registry, { b: '>=3.0.0-rc.0' }))).toEqual({ b: '3.0.0-rc.1' });
  expect(chosen(await solved(registry, { c: '*' }, '3.2.1'))).toEqual({ c: '1.0.0' });
  await expect(solved(registry, { c: '>=2' }, '3.2.1')).rejects.toMatchObject({
    code: 'INCOMPATIBLE_EXTENSION',
  });
});

test('the search gives up after its limit', async () => {
  const versions = (name: string): Record<string, Requirements> =>
    Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`1.${n}.0`, { dependencies: { [name]: '*' } }]));
  await expect(
    solve(
      new Universe({ source: sourceOf({ a: versions('b'), b: versions('c'), c: { '1.0.0': {} } }) }),
      [{ name: 'a', range: '*' }],
      { steps: 2 },
    ),
  ).rejects.toMatchObject({ message: 'Dependency resolution gave up after 2 steps' });
});

const names = ['a', 'b', 'c', 'd', 'e'];
const range = fc.constantFrom(
  '*',
  '^1.0.0',
  '>=2.0.0',
  '1.0.0',
  '<2.0.0',
  '2.0.0 || 3.0.0',
  '>=1.0.0,<3.0.0',
);
const wishes = fc.dictionary(fc.constantFrom(...names), range, { maxKeys: 2 });
const requirements: fc.Arbitrary<Requirements> = fc.record(
  {
    dependencies: wishes,
    optional_dependencies: fc.dictionary(fc.constantFrom(...names), range, { maxKeys: 1 }),
    conflicts: fc.dictionary(fc.constantFrom(...names), range, { maxKeys: 1 }),
    provides: fc.constantFrom([], ['cap']),
  },
  { requiredKeys: ['dependencies'] },
);
const needing = requirements.chain((base) =>
  fc.boolean().map((cap) => (cap ? { ...base, dependencies: { ...base.dependencies, cap: '*' } } : base)),
);
const registries = fc.dictionary(
  fc.constantFrom(...names),
  fc.dictionary(fc.constantFrom('1.0.0', '2.0.0', '3.0.0'), fc.oneof(requirements, needing), { minKeys: 1 }),
  { minKeys: 1 },
);

function inRange(version: string, wanted: string): boolean {
  return semver.satisfies(version, wanted.replaceAll(',', ' '));
}

/** Whether a choice of versions breaks no rule: the definition the search is held against. */
function holds(
  registry: Registry,
  roots: Readonly<Record<string, string>>,
  picked: ReadonlyMap<string, string>,
): boolean {
  const has = (name: string, wanted: string): boolean =>
    picked.has(name) && inRange(picked.get(name)!, wanted);
  if (!Object.entries(roots).every(([name, wanted]) => has(name, wanted))) return false;
  for (const [name, version] of picked) {
    const own = registry[name]![version]!;
    for (const [other, wanted] of Object.entries(own.dependencies ?? {})) {
      if (other === 'cap') {
        const provided = [...picked].some(([by, at]) => registry[by]![at]!.provides?.includes('cap'));
        if (!provided) return false;
      } else if (!has(other, wanted)) return false;
    }
    for (const [other, wanted] of Object.entries(own.optional_dependencies ?? {})) {
      if (picked.has(other) && !inRange(picked.get(other)!, wanted)) return false;
    }
    for (const [other, wanted] of Object.entries(own.conflicts ?? {}))
      if (other !== name && has(other, wanted)) return false;
  }
  return true;
}

function bruteForce(registry: Registry, roots: Readonly<Record<string, string>>): boolean {
  const all = Object.keys(registry);
  const walk = (position: number, picked: Map<string, string>): boolean => {
    if (position === all.length) return holds(registry, roots, picked);
    const name = all[position]!;
    for (const version of [undefined, ...Object.keys(registry[name]!)]) {
      if (version === undefined) picked.delete(name);
      else picked.set(name, version);
      if (walk(position + 1, picked)) return true;
    }
    picked.delete(name);
    return false;
  };
  return walk(0, new Map());
}

test('it finds a solution exactly when there is one, and what it finds holds', async () => {
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      registries,
      fc.dictionary(fc.constantFrom(...names), range, { minKeys: 1, maxKeys: 3 }),
      async (registry, roots) => {
        const possible = bruteForce(registry, roots);
        const solution = await solved(registry, roots).catch((error: { code?: string }) => {
          expect(error.code).toMatch(/^(VERSION_CONFLICT|EXTENSION_CONFLICT|DEPENDENCY_NOT_FOUND)$/);
          return undefined;
        });
        expect(solution !== undefined).toBe(possible);
        if (solution === undefined) return;
        found++;
        expect(holds(registry, roots, new Map(Object.entries(chosen(solution))))).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
  expect(found).toBeGreaterThan(300);
});

test('1,000 extensions with 20 versions each are resolved', async () => {
  const registry: Record<string, Record<string, Requirements>> = {};
  for (let n = 0; n < 1000; n++) {
    registry[`p${n}`] = Object.fromEntries(
      Array.from({ length: 20 }, (_, v) => [
        `1.${v}.0`,
        {
          dependencies: Object.fromEntries(
            [n * 2 + 1, n * 2 + 2, n + 7]
              .filter((m) => m < 1000 && m > n)
              .map((m) => [`p${m}`, `>=1.${Math.max(0, v - 8)}.0 <1.${v + 1}.0`]),
          ),
        },
      ]),
    );
  }
  const solution = await solved(registry, { p0: '*', p5: '<1.18.0', p900: '1.12.0' });
  expect(solution.versions.size).toBe(1000);
});
