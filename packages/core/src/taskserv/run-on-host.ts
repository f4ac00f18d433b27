import type { Context } from '@provisioning/extensions-sdk';
import { packBundle } from './bundle.ts';
import type { DesiredTaskserv } from './desired.ts';
import { differences } from './difference.ts';
import { expectedFacts } from './facts.ts';
import { asRoot, openHost, type ServerTarget, withReconnect } from './host.ts';
import { hostError } from './host-failure.ts';
import { planScript } from './plan-script.ts';
import { runnerScript } from './runner.ts';
import { RunnerOutput } from './runner-output.ts';

export interface HostRun {
  /** `health` and `check` look and change nothing. */
  readonly mode: 'create' | 'delete' | 'health' | 'check';
  /** What others on the host are told while this goes on. */
  readonly operation: string;
  readonly cleanupData?: boolean;
  /** Take newer packages where there are some; a version that cannot be had is an error. */
  readonly upgrade?: boolean;
  /** Version whose data is carried over to the new one. */
  readonly migrateFrom?: string;
}

/** Seconds a running step may still take after an interruption (07 §5.10). */
const grace = 10;
/** Seconds to wait for another run of the same workspace on the same host. */
const lockWait = 300;

/**
 * Brings one taskserv onto one host over one stream: the bundle goes to the standard input of a single command, which
 * unpacks it into a private folder in memory and runs it; progress comes back as lines.
 * @throws ProvisioningError `TRANSPORT_*`, `HOST_BUSY`, `HOST_DISK_FULL`, `PACKAGE_MIRROR_UNREACHABLE`, `UNSUPPORTED_OS`,
 *   `TASKSERV_*` and others of `host-failure.ts`.
 */
export async function runOnHost(
  context: Context,
  target: ServerTarget,
  desired: DesiredTaskserv,
  run: HostRun,
): Promise<RunnerOutput> {
  const bundle = await packBundle([
    { name: 'run.sh', content: runnerScript },
    {
      name: 'plan.sh',
      content: planScript(
        desired,
        { owner: lockOwner(context), operation: run.operation, wait: lockWait },
        { cleanupData: run.cleanupData ?? false, upgrade: run.upgrade, migrateFrom: run.migrateFrom },
      ),
    },
    { name: 'env.sh', content: desired.environment },
    { name: 'expected', content: `${expectedFacts(desired).slice(0, -1).join('\n')}\n`.replace(/^\n$/, '') },
    ...desired.files.map(({ content }, index) => ({ name: `files/${index}`, content })),
    ...[...desired.scripts]
      .filter(([name]) => !name.startsWith('helper-'))
      .map(([name, content]) => ({ name: `scripts/${name}.sh`, content })),
  ]);
  return withReconnect(context, async () => {
    const { transport, access } = await openHost(context, target);
    const output = new RunnerOutput((progress) => context.report(progress));
    const patience = graceful(context.signal);
    try {
      const result = await transport.run(`${asRoot(access)}sh -c '${unpackAndRun(run.mode)}'`, {
        input: bundle,
        timeout: desired.timeout,
        signal: patience.signal,
        onLine: (line) => output.line(line),
      });
      if (result.code === 0 && output.error === undefined && output.result !== undefined) return output;
    } finally {
      patience.end();
    }
    throw hostError({
      hostname: target.hostname,
      taskserv: desired.name,
      code: output.error?.code,
      text: output.error?.text ?? '',
      output: output.output,
      supportedSystems: desired.osSupport,
      reasons: differences(desired, output.after),
    });
  });
}

/** `/run` is memory: secrets of a bundle never reach a disk. */
function unpackAndRun(mode: string): string {
  return [
    'umask 077',
    'd=$(mktemp -d /run/provisioning.XXXXXXXX) || exit 1',
    'cd "$d" && tar -x -f - || { rm -rf "$d"; exit 1; }',
    `exec sh ./run.sh ${mode} 2>&1`,
  ].join('; ');
}

/** Whoever runs for the same workspace on this machine or another shares the host lock in turn. */
function lockOwner(context: Context): string {
  return `${context.workspace.name}:${context.infra}`;
}

/** A signal that fires some time after the caller's own, so that a step can end by itself. */
function graceful(signal: AbortSignal): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => controller.abort(signal.reason), grace * 1000);
  };
  if (signal.aborted) controller.abort(signal.reason);
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
