import { building } from './building.ts';
import { checking, npm } from './checking.ts';
import type { Context, Target } from './context.ts';
import { cleanWithoutAsking } from './installing.ts';
import { packaging } from './packaging.ts';

type Step = readonly [string, (context: Context) => Promise<number>];

const own = (name: string): Step => [name, { ...building, ...packaging, ...checking }[name]!.run];
const script = (name: string, ...words: readonly string[]): Step => [
  name,
  (context) => Promise.resolve(npm(context, 'run', name, '--', ...words, ...handedOn(context))),
];
const runTests: Step = ['test', (context) => Promise.resolve(npm(context, 'test'))];
const clean: Step = ['clean', cleanWithoutAsking];

/** The version goes to every step, whichever program it is. */
function handedOn({ flags }: Context): readonly string[] {
  const version = flags.text('version');
  return version === undefined ? [] : ['--version', version];
}

/** Steps one after the other; the first that fails ends it. */
function sequence(summary: string, ...steps: readonly Step[]): Target {
  return {
    summary: `${summary}: ${steps.map(([name]) => name).join(', ')}`,
    async run(context) {
      for (const [index, [name, run]] of steps.entries()) {
        if (context.flags.on('dry-run')) {
          context.print(`Would run ${name}`);
          continue;
        }
        context.say(`[${index + 1}/${steps.length}] ${name}`);
        const status = await run(context);
        if (status === 0) continue;
        context.say(`error: ${name} failed`);
        return status;
      }
      return 0;
    },
  };
}

const installers: Step = [
  'create-installers',
  (context) => packaging['create-installers']!.run(withoutOutput(context)),
];

/** `--output-dir` means the packages; installers and images have folders of their own. */
function withoutOutput(context: Context): Context {
  const { flags } = context;
  return {
    ...context,
    flags: { ...flags, text: (name) => (name === 'output-dir' ? undefined : flags.text(name)) },
  };
}

const generate = sequence(
  'A whole distribution',
  own('build'),
  ['docs', (context) => Promise.resolve(npm(context, 'run', 'docs-check'))],
  own('create-archives'),
  installers,
  own('validate-structure'),
);
const packageAll = sequence(
  'Everything that is handed out',
  ['dist-generate', generate.run],
  own('package-binaries'),
  own('package-extensions'),
  ['package-containers', (context) => packaging['package-containers']!.run(withoutOutput(context))],
);
const ciTest = sequence('What a change must pass', own('validate-all'), runTests);

/** Targets made of others (11 §3, §8). */
export const combined: Readonly<Record<string, Target>> = {
  all: sequence(
    'From nothing to a tested distribution',
    clean,
    own('build-all'),
    ['package-all', packageAll.run],
    script('test-dist'),
  ),
  'dist-generate': generate,
  quick: generate,
  'package-all': packageAll,
  debug: {
    summary: 'Build all bundles anew and say everything',
    run: (context) => building['benchmark']!.run({ ...context, say: context.print }),
  },
  'ci-build': sequence('Build, validation and tests', own('build-all'), own('validate-all'), runTests),
  'ci-test': ciTest,
  'ci-release': sequence(
    'A candidate for a release',
    own('build-all'),
    own('package-binaries'),
    installers,
    script('test-dist'),
  ),
  'cd-deploy': sequence(
    'From nothing to a published release',
    clean,
    own('build-all'),
    own('create-archives'),
    installers,
    script('release', '--push-tag'),
    script('upload-artifacts'),
    script('update-registry'),
    script('notify-release'),
  ),
};
