import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import type { Data } from './document.ts';
import { parseToml } from './formats/toml.ts';
import { interpolate } from './interpolation/interpolate.ts';
import { loadConfiguration } from './load.ts';
import { isRecord, mergeData, valueAt } from './merge.ts';
import { damagedInput, polluted, readDamaged, seededRandom } from './testing/damaged.ts';

/** The same inputs in every run; the fuzz suite of tools/conformance takes others. */
fc.configureGlobal({ seed: 2_026_11 });

const key = fc.stringMatching(/^[a-z][a-z0-9_]{0,3}$/).filter((name) => name !== 'null');
const scalar = fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean(), fc.constant('__unset__'));
const data = fc.letrec<{ record: Data; value: unknown }>((tie) => ({
  record: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(fc.integer(), { maxLength: 3 }), tie('record')),
}));

/** The rules of 02 §3.1.6 written down a second time, leaf by leaf. */
function model(lower: unknown, higher: unknown): unknown {
  if (higher === undefined) return lower;
  if (higher === null || higher === '__unset__') return undefined;
  if (!isRecord(higher)) return higher;
  const below = isRecord(lower) ? lower : {};
  const result: Data = {};
  for (const name of new Set([...Object.keys(below), ...Object.keys(higher)])) {
    const value = model(below[name], higher[name]);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

describe('merge', () => {
  test('does what the rules say, whatever is merged', () => {
    fc.assert(
      fc.property(data.record, data.record, (lower, higher) => {
        const base = mergeData({}, lower);
        expect(mergeData(base, higher)).toEqual(model(base, higher));
      }),
      { numRuns: 2000 },
    );
  });

  test('is the same whichever pairs are merged first, as long as no value is removed and kinds agree', () => {
    const flat = fc.dictionary(key, fc.dictionary(key, fc.integer(), { maxKeys: 4 }), { maxKeys: 4 });
    fc.assert(
      fc.property(flat, flat, flat, (a, b, c) => {
        expect(mergeData(mergeData(a, b), c)).toEqual(mergeData(a, mergeData(b, c)));
      }),
    );
  });

  test('changes neither side', () => {
    fc.assert(
      fc.property(data.record, data.record, (lower, higher) => {
        const before = JSON.stringify([lower, higher]);
        mergeData(lower, higher);
        expect(JSON.stringify([lower, higher])).toBe(before);
      }),
    );
  });
});

describe('precedence and provenance', () => {
  let root: string;
  const layers = [
    ['machine', '.config/provisioning/system.toml'],
    ['workspace', 'w/config/provisioning.toml'],
    ['environment', 'w/config/environments/dev.toml'],
    ['infra', 'w/infra/main/config.toml'],
    ['user', '.config/provisioning/config.toml'],
  ] as const;
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'config-properties-'));
    for (const [, file] of layers) await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test('every leaf comes from the highest layer that has it, at the line that says it', async () => {
    const leaf = fc.record({
      section: fc.constantFrom('a', 'b'),
      name: fc.constantFrom('x', 'y', 'z'),
      value: fc.integer(),
    });
    const content = fc.uniqueArray(leaf, {
      maxLength: 5,
      selector: ({ section, name }) => `${section}.${name}`,
    });
    await fc.assert(
      fc.asyncProperty(fc.tuple(content, content, content, content, content), async (contents) => {
        const texts = contents.map((leaves) =>
          leaves.map(({ section, name, value }) => `p.${section}.${name} = ${value}`).join('\n'),
        );
        await Promise.all(layers.map(([, file], index) => writeFile(path.join(root, file), texts[index]!)));
        const configuration = await loadConfiguration({
          surroundings: {
            env: {},
            cwd: root,
            home: root,
            platform: 'linux',
            installation: '/opt',
            now: () => new Date(0),
          },
          workspace: { name: 'w', path: path.join(root, 'w') },
          infra: 'main',
          environment: 'dev',
        });
        for (const at of configuration.leaves(['p'])) {
          const [, section, name] = at;
          const having = contents
            .map((leaves, index) => ({
              index,
              line: leaves.findIndex((one) => one.section === section && one.name === name),
            }))
            .filter(({ line }) => line >= 0);
          const winner = having.at(-1)!;
          const provenance = configuration.provenance(at);
          expect(provenance).toMatchObject({
            layer: layers[winner.index]![0],
            line: winner.line + 1,
            value: contents[winner.index]![winner.line]!.value,
          });
          expect(provenance.overridden.map(({ layer }) => layer)).toEqual(
            having
              .slice(0, -1)
              .reverse()
              .map(({ index }) => layers[index]![0]),
          );
        }
        const wanted = new Set(contents.flat().map(({ section, name }) => `p.${section}.${name}`));
        expect(new Set(configuration.leaves(['p']).map((at) => at.join('.')))).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});

describe('TOML', () => {
  test('reads back what another library writes', () => {
    const value = fc.letrec<{ record: Data; value: unknown }>((tie) => ({
      record: fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string({ unit: 'grapheme', maxLength: 10 }),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.double({ noDefaultInfinity: true, noNaN: true }).filter((number) => !Number.isInteger(number)),
        fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }),
        tie('record'),
      ),
    })).record;
    fc.assert(
      fc.property(value, (written) => {
        fc.pre(!JSON.stringify(written).includes('__proto__'));
        expect(JSON.parse(JSON.stringify(parseToml(stringify(written))))).toEqual(
          JSON.parse(JSON.stringify(written)),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('interpolation', () => {
  test('references give the value they name, in any order of definition', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 12 }), fc.nat(), (values, seed) => {
        const names = values.map((_value, index) => `k${index}`);
        const entries = names.map(
          (name, index) => [name, index === 0 ? values[0] : `{{k${seed % index}}}`] as const,
        );
        const shuffled = Object.fromEntries([...entries].reverse());
        const issues: unknown[] = [];
        const result = interpolate(
          shuffled,
          { roots: {}, issue: (_at, message) => ({ message }) },
          issues as never[],
        );
        expect(issues).toEqual([]);
        for (const name of names) expect(valueAt(result, [name])).toBe(values[0]);
      }),
    );
  });
});

describe('damaged input', () => {
  test('is read, or refused with an error of ours; no prototype changes', () => {
    const next = seededRandom(7);
    let refused = 0;
    for (let index = 0; index < 3000; index++) {
      const text = damagedInput(next);
      try {
        readDamaged(text, index % 2 === 0 ? 'fuzz.toml' : 'fuzz.yaml');
      } catch (error) {
        refused++;
        const known = error instanceof ProvisioningError && error.kind !== 'bug';
        expect([text, known || String(error)]).toEqual([text, true]);
      }
    }
    expect(polluted()).toBe(false);
    expect(refused).toBeGreaterThan(300);
    expect(refused).toBeLessThan(3000);
  });
});
