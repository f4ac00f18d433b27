import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfiguration, mergeData, parseDocument } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { interpolate } from '../../../../packages/core/src/config/interpolation/interpolate.ts';
import type { CaseResult, ConformanceSuite } from '../suite.ts';

const inputs = 100_000;
const limit = 100;

/** A small generator with a seed, so that a finding can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const corpus = [
  '[a]\nb = 1\n[[c]]\nd = "x"\n[c.e]\nf = [1, 2.5, true, 1979-05-27]\n',
  '[workspace]\nname = "w"\n[dynamic]\nload_if_exists = ["../../../etc/passwd", "x.toml"]\n',
  '[templates]\nbase_template = "../../x"\nextends = ["a"]\n[overrides]\n"debug.enabled" = true\n[profiles]\nactive = "x"\n',
  '["__proto__"]\npolluted = true\n[constructor.prototype]\npolluted = true\n',
  'a: &x [1, 2]\nb: *x\nc: {d: "{{env.HOME || \'x\'}}"}\n<<: {e: 1}\n__proto__: {polluted: true}\n',
  'a = "{{a}}"\nb = "{{str.replace(a, b, c)}}"\nc = "{{(env.X && 1) || !2 == 3}}"\nd = """\n{{x"""\n',
  '{{path.join(env.HOME, .config, x)}} \\{{ {{a.b.c || "d"}} {{kms.decrypt(\'x\')}} {{1 >= 2 && a || /b}}',
];
const pieces = [
  '{{',
  '}}',
  '[',
  ']',
  '[[',
  '"',
  "'",
  '"""',
  '=',
  '.',
  '\n',
  '__proto__',
  'constructor',
  '&a ',
  '*a',
  '\\',
  '\\u0000',
  '\0',
  '\uffff',
  '-',
  ': ',
  '|',
  '||',
  '&&',
  '(',
  ')',
  '9'.repeat(40),
  '{',
  '}',
  ' ',
  '\t',
  '\r',
  'env.',
  'a.b',
  '1e999',
  '%TAG',
  '!!js/function',
  '<<: ',
];

function mutate(next: () => number): string {
  let text = next() < 0.1 ? '' : corpus[Math.floor(next() * corpus.length)]!;
  for (let change = Math.floor(next() * 8); change >= 0; change--) {
    const at = Math.floor(next() * (text.length + 1));
    const kind = next();
    if (kind < 0.4) text = text.slice(0, at) + pieces[Math.floor(next() * pieces.length)]! + text.slice(at);
    else if (kind < 0.6) text = text.slice(0, at) + text.slice(at + Math.floor(next() * 6));
    else if (kind < 0.8)
      text = text.slice(0, at) + String.fromCharCode(Math.floor(next() * 256)) + text.slice(at);
    else text += text.slice(at, at + Math.floor(next() * 60));
  }
  return text;
}

function polluted(): boolean {
  return ({} as Record<string, unknown>)['polluted'] !== undefined;
}

/** Parse, merge and interpolate one input; only our own errors are answers. */
function once(text: string, file: string): void {
  const { value } = parseDocument(text, file);
  const merged = mergeData({ a: { b: 1 }, c: 'x' }, value);
  const issues: never[] = [];
  interpolate(
    merged,
    { roots: { env: {}, now: {}, git: {} }, issue: (_at, message) => ({ message }) },
    issues,
  );
}

const suite: ConformanceSuite = {
  title: `Fuzz: ${inputs.toLocaleString('en')} mutated inputs to parsers, merge, interpolation and the loader`,
  async run(say) {
    const seed = Number(process.env['FUZZ_SEED'] ?? 20260102);
    const next = random(seed);
    const bad: string[] = [];
    let slowest = 0;
    for (let index = 0; index < inputs && bad.length < 5; index++) {
      const text = mutate(next);
      const start = performance.now();
      try {
        once(text, index % 2 === 0 ? 'fuzz.toml' : 'fuzz.yaml');
      } catch (error) {
        if (!(error instanceof ProvisioningError) || error.kind === 'bug')
          bad.push(`${JSON.stringify(text)}: ${String(error)}`);
      }
      const time = performance.now() - start;
      if (time > limit) {
        // A pause of the machine is no hang: it counts when the same input is slow again.
        const again = performance.now();
        try {
          once(text, index % 2 === 0 ? 'fuzz.toml' : 'fuzz.yaml');
        } catch {
          // Already judged above.
        }
        if (performance.now() - again > limit)
          bad.push(`slow (${time.toFixed(0)} ms): ${JSON.stringify(text)}`);
      } else slowest = Math.max(slowest, time);
      if (polluted()) bad.push(`prototype polluted by ${JSON.stringify(text)}`);
    }
    say(`seed ${seed}, slowest input ${slowest.toFixed(1)} ms`);
    const loads = await wholeLoads(next, 2000);
    const result = (name: string, found: readonly string[]): CaseResult =>
      found.length === 0 ? { name, status: 'passed' } : { name, status: 'failed', reason: found.join('\n') };
    return {
      cases: [
        result('no crash, no hang, no pollution', bad),
        result('whole loads stay inside the workspace', loads),
      ],
    };
  },
};
export default suite;

/** Whole loads with a mutated main file; a file outside the workspace must never show up. */
async function wholeLoads(next: () => number, count: number): Promise<string[]> {
  const root = await mkdtemp(path.join(tmpdir(), 'fuzz-config-'));
  const bad: string[] = [];
  try {
    const workspace = path.join(root, 'a', 'b', 'w');
    await mkdir(path.join(workspace, 'config'), { recursive: true });
    await writeFile(path.join(root, 'x.toml'), 'leaked = "from outside"\n');
    const surroundings = {
      env: {},
      cwd: root,
      home: root,
      platform: 'linux' as const,
      installation: path.join(root, 'installation'),
      now: () => new Date(0),
    };
    for (let index = 0; index < count && bad.length < 5; index++) {
      const text = `${mutate(next)}\n[dynamic]\nload_if_exists = ["${'../'.repeat(1 + Math.floor(next() * 5))}x.toml"]\n`;
      await writeFile(path.join(workspace, 'config', 'provisioning.toml'), text);
      try {
        const loaded = await loadConfiguration({ surroundings, workspace: { name: 'w', path: workspace } });
        if (loaded.get('leaked') !== undefined) bad.push(`read a file outside: ${JSON.stringify(text)}`);
      } catch (error) {
        if (!(error instanceof ProvisioningError) || error.kind === 'bug')
          bad.push(`${JSON.stringify(text)}: ${(error as Error).stack}`);
      }
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return bad;
}
