import { interpolate } from '../interpolation/interpolate.ts';
import { parseDocument } from '../document.ts';
import { mergeData } from '../merge.ts';

/** A small generator with a seed, so that a finding can be repeated. */
export function seededRandom(seed: number): () => number {
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

/** Configuration as nobody would write it: pieces of real files, cut, doubled and mixed up. */
export function damagedInput(next: () => number): string {
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

/** Whether an input reached the prototype of all objects. */
export function polluted(): boolean {
  return ({} as Record<string, unknown>)['polluted'] !== undefined;
}

/** Parse, merge and interpolate one input; only our own errors are answers. */
export function readDamaged(text: string, file: string): void {
  const { value } = parseDocument(text, file);
  const merged = mergeData({ a: { b: 1 }, c: 'x' }, value);
  const issues: never[] = [];
  interpolate(
    merged,
    { roots: { env: {}, now: {}, git: {} }, issue: (_at, message) => ({ message }) },
    issues,
  );
}
