import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  DockerCredentials,
  dockerConfigPath,
  RegistryClient,
  RemoteRepository,
} from '@provisioning/distribution';
import type { ReleaseConfig } from './config.ts';
import { npm } from './npm.ts';
import { notify } from './notify.ts';
import type { ReleasesFolder } from './release-folder.ts';

export interface RollbackOptions {
  readonly from: string;
  /** Default: the newest release before it that was not withdrawn. */
  readonly to?: string;
  readonly line: string;
  readonly folder: ReleasesFolder;
  readonly config: ReleaseConfig;
  readonly environment: NodeJS.ProcessEnv;
  readonly dryRun: boolean;
  /** No staging run, no waiting for approval; integrity is checked all the same. */
  readonly emergency: boolean;
  readonly securityIssue: boolean;
  readonly notifyUsers: boolean;
  readonly notifyFirst: boolean;
  readonly now: () => Date;
  readonly say: (line: string) => void;
}

interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface RollbackResult {
  readonly from: string;
  readonly to: string;
  readonly done: readonly string[];
  readonly failed: readonly string[];
}

/**
 * Withdraws a release and points everything that says `latest` back (11 §6 "Rollback"). Nothing is deleted. Every step
 * may be done again, so a run that failed in part is simply repeated.
 * @throws Error when the target is not what was published, before anything changes.
 */
export async function rollbackRelease(options: RollbackOptions): Promise<RollbackResult> {
  const { from, line, folder, say } = options;
  const to = options.to ?? (await folder.previous(line, from));
  if (to === undefined) throw new Error(`There is no release of ${line} before ${from} to go back to`);
  await validate(options, to);
  const done: string[] = [];
  const failed: string[] = [];
  for (const { name, run } of stepsOf(options, to)) {
    if (options.dryRun) {
      say(`Would: ${name}`);
      continue;
    }
    try {
      await run();
      done.push(name);
      say(`ok ${name}`);
    } catch (error) {
      failed.push(name);
      say(`failed ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (!options.dryRun) await audit(options, to, done, failed);
  return { from, to, done, failed };
}

async function validate(
  { from, line, folder, emergency, securityIssue }: RollbackOptions,
  to: string,
): Promise<void> {
  const { lines } = await folder.index();
  const versions = lines[line]?.versions ?? {};
  for (const version of [from, to])
    if (!Object.hasOwn(versions, version))
      throw new Error(`${line} ${version} is not published in ${folder.path}`);
  if (versions[to]!.withdrawn === true) throw new Error(`${line} ${to} was withdrawn itself`);
  await folder.verify(to);
  if (emergency || securityIssue) return;
  const record = join(folder.path, to, 'test-dist.json');
  const passed = await readFile(record, 'utf8').then(
    (text) => (JSON.parse(text) as { passed?: boolean }).passed === true,
    () => false,
  );
  if (!passed)
    throw new Error(
      `No staging run of ${to} is on record (${record}): npm run test-dist -- --dist-dir ${join(folder.path, to)}, or --emergency`,
    );
}

function stepsOf(options: RollbackOptions, to: string): readonly Step[] {
  const { from, line, folder, config, securityIssue } = options;
  const notes = `Withdrawn${securityIssue ? ' for a security issue' : ''}; use ${to}.`;
  const tell: Step[] = options.notifyUsers ? [{ name: 'notify', run: () => tellEverybody(options, to) }] : [];
  return [
    ...(options.notifyFirst ? tell : []),
    { name: `mark ${line} ${from} withdrawn`, run: () => folder.withdraw(line, from, notes, securityIssue) },
    {
      name: 'withdraw its bundles',
      run: async () => {
        await folder.withdrawBundlesOf(line, from);
      },
    },
    { name: `releases: latest is ${to}`, run: () => folder.setLatest(line, to) },
    ...(config.oci?.repositories ?? []).map((repository) => ({
      name: `oci ${repository}: latest is ${to}`,
      run: () => tagOci(config.oci!, repository, to, options.environment),
    })),
    ...(config.npm === undefined || line !== 'core'
      ? []
      : [
          {
            name: `npm: latest is ${to}`,
            run: () => pointNpm(config.npm!, from, to, notes, options.environment),
          },
        ]),
    ...(options.notifyFirst ? [] : tell),
  ];
}

async function tagOci(
  oci: NonNullable<ReleaseConfig['oci']>,
  repository: string,
  to: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const client = new RegistryClient(oci.registry, {
    credentials: new DockerCredentials(dockerConfigPath(environment), environment),
    ...(oci.plain_http === undefined ? {} : { plainHttp: oci.plain_http }),
  });
  const remote = new RemoteRepository(client, repository);
  const found = await remote.resolve(`v${to}`).catch(() => remote.resolve(to));
  await remote.tag(found, 'latest');
}

/** Moves npm's `latest` to a version and marks another one deprecated; nothing is removed. */
export async function pointNpm(
  { registry, token_env }: NonNullable<ReleaseConfig['npm']>,
  from: string,
  to: string,
  notes: string,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const name = '@provisioning/cli';
  const { host, pathname } = new URL(registry);
  const folder = await mkdtemp(join(tmpdir(), 'provisioning-npmrc-'));
  try {
    // npm reads the token from a file; an argument would show it to everybody on the machine.
    const userconfig = join(folder, 'npmrc');
    const token = environment[token_env ?? 'NPM_TOKEN'] ?? 'local';
    await writeFile(userconfig, `//${host}${pathname}:_authToken=${token}\n`, { mode: 0o600 });
    const common = ['--registry', registry, '--userconfig', userconfig];
    await npm(['dist-tag', 'add', `${name}@${to}`, 'latest', ...common]);
    await npm(['deprecate', `${name}@${from}`, notes, ...common]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tellEverybody(
  { from, config, environment, emergency, securityIssue }: RollbackOptions,
  to: string,
): Promise<void> {
  const text = `provisioning ${from} was withdrawn${securityIssue ? ' for a security issue' : ''}; ${to} is the latest again.`;
  const notice = { type: 'rollback' as const, version: from, text, urgent: emergency || securityIssue };
  const failed = (await notify(config.channels ?? [], notice, environment)).filter(
    ({ error }) => error !== undefined,
  );
  if (failed.length > 0)
    throw new Error(failed.map(({ channel, error }) => `${channel}: ${error!}`).join('; '));
}

/** One line an event, beside the releases. */
async function audit(
  options: RollbackOptions,
  to: string,
  done: readonly string[],
  failed: readonly string[],
): Promise<void> {
  const file = join(options.folder.path, 'audit.jsonl');
  await mkdir(dirname(file), { recursive: true });
  const { from, line, emergency, securityIssue } = options;
  const entry = {
    time: options.now().toISOString(),
    event: 'rollback',
    line,
    from,
    to,
    emergency,
    securityIssue,
    done,
    failed,
  };
  await appendFile(file, `${JSON.stringify(entry)}\n`);
}
