import { hasAgeIdentity, testAgeKey } from '@provisioning/core';
import type { ProvisioningCommand } from '../frame/command.ts';
import { openLocalStore } from '../orchestrator/local-store.ts';
import { settingsFor } from '../orchestrator/session.ts';
import { surroundingsOf } from '../session/surroundings.ts';
import { counted } from '../output/counted.ts';

/** Something this program does itself, for which it would otherwise ask a service or another program (01 §9). */
export interface FastPath {
  readonly name: string;
  readonly summary: string;
  /** What is used where it cannot be. */
  readonly instead: string;
  /** Uses it, and says with what; an error says why it cannot be used. */
  test(command: ProvisioningCommand): Promise<string>;
}

export const fastPaths: readonly FastPath[] = [
  {
    name: 'age',
    summary: 'encrypts and decrypts age files in this process',
    instead: 'encrypted files cannot be read',
    async test(command) {
      const surroundings = surroundingsOf(command.runtime);
      if (!(await hasAgeIdentity(surroundings))) throw new Error('no age key (provisioning sops config)');
      await testAgeKey(surroundings);
      return 'encrypted and decrypted with your key';
    },
  },
  {
    name: 'orchestrator',
    summary: 'reads the store of the orchestrator beside it',
    instead: 'the orchestrator is asked over HTTP',
    async test(command) {
      const store = openLocalStore(await settingsFor(command));
      if (store === undefined) throw new Error('no store here that this program can read');
      try {
        const count = Object.values(store.counts()).reduce((sum, each) => sum + each, 0);
        return `read ${counted(count, 'workflow')}`;
      } finally {
        store.close();
      }
    },
  },
];

export interface FastPathState {
  readonly name: string;
  readonly summary: string;
  readonly available: boolean;
  /** What the test did, or why it could not. */
  readonly detail: string;
  readonly milliseconds: number;
  readonly instead: string;
}

/** Tries each of them. */
export function tryFastPaths(
  command: ProvisioningCommand,
  chosen: readonly FastPath[],
): Promise<FastPathState[]> {
  return Promise.all(
    chosen.map(async ({ name, summary, instead, test }) => {
      const started = performance.now();
      const outcome = await test(command).then(
        (detail) => ({ available: true, detail }),
        (error: unknown) => ({
          available: false,
          detail: error instanceof Error ? error.message : String(error),
        }),
      );
      const milliseconds = Math.round((performance.now() - started) * 10) / 10;
      return { name, summary, ...outcome, milliseconds, instead };
    }),
  );
}
