import { homedir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Surroundings } from '@provisioning/core';
import { createStyle } from '../output/style.ts';
import { describeTerminal } from '../output/terminal.ts';
import type { Runtime } from '../runtime.ts';

/** What core wants to know of the process, from the runtime. */
export function surroundingsOf(runtime: Runtime): Surroundings {
  const { environment } = runtime;
  return {
    env: environment,
    cwd: runtime.cwd,
    home: environment['HOME'] ?? homedir(),
    platform: runtime.platform,
    installation: environment['PROVISIONING'] ?? dirname(dirname(fileURLToPath(import.meta.url))),
    now: () => new Date(runtime.now()),
    warn: (message) => {
      const style = createStyle(describeTerminal(runtime.stderr, environment).colour);
      runtime.stderr.write(`${style.mark('warning')} ${message}\n`);
    },
  };
}
