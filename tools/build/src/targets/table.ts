import { building } from './building.ts';
import { checking } from './checking.ts';
import { combined } from './combined.ts';
import type { Target } from './context.ts';
import { installing } from './installing.ts';
import { packaging } from './packaging.ts';

/** Every target of the build, by the name it has after `npm run` (11 §3). */
export const targets: Readonly<Record<string, Target>> = {
  ...building,
  ...packaging,
  ...checking,
  ...installing,
  ...combined,
  help: {
    summary: 'This list',
    run({ print }) {
      const width = Math.max(...Object.keys(targets).map((name) => name.length));
      for (const [name, { summary }] of Object.entries(targets)) print(`  ${name.padEnd(width)}  ${summary}`);
      return Promise.resolve(0);
    },
  },
};
