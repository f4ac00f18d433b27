import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock, writeFileAtomic } from '@provisioning/core';
import { ProvisioningError } from '@provisioning/extensions-sdk';
import { openEngine, stopPrivateService } from '@provisioning/provider-local/engine';
import { deploy, DeploymentFailed } from './deployment/deploy.ts';
import { choosePlatform, detectPlatforms } from './deployment/platforms.ts';
import { Record } from './deployment/record.ts';
import { keepSecrets, makeSecrets, readSecrets, secretsFile } from './deployment/secrets.ts';
import type { Output } from './output.ts';
import type { Places } from './places.ts';
import { type ContainerPlan, containersOf } from './plan/containers.ts';
import { planLines } from './plan/print.ts';
import type { Installation, PlatformName } from './plan/resolve.ts';
import { lineVersions } from './plan/version.ts';
import { renderedFiles } from './rendering/render.ts';
import type { Run } from './surroundings.ts';
import type { AfterFailure } from './wizard/ask.ts';

type InstallRun = Run & { readonly places: Places };

/** Deploys an installation, one at a time. @returns the exit code. */
export async function install(
  installation: Installation,
  run: InstallRun,
  onFailure?: () => Promise<AfterFailure>,
): Promise<number> {
  const { places, surroundings, output, signal } = run;
  const record = new Record(places.log, () => surroundings.now());
  const lock = join(places.data, 'installer', installation.name);
  await mkdir(places.config, { recursive: true });
  const platform =
    installation.platform ?? choosePlatform(await detectPlatforms(surroundings.env), installation.mode);
  const chosen = { ...installation, platform };
  const work = (): Promise<number> =>
    platform === 'kubernetes'
      ? renderForKubernetes(chosen, run, record)
      : deployLocked(chosen, run, record, onFailure);
  return withFileLock(lock, work, {
    timeout: 0,
    what: 'Another installation',
    signal,
  }).catch((error: unknown) => {
    if (!(error instanceof DeploymentFailed)) throw error;
    return failed(error, record, output);
  });
}

function failed(error: DeploymentFailed, record: Record, output: Output): number {
  const cause = ProvisioningError.from(error.cause);
  output.failed(`Installation failed at step ${error.step}: ${cause.message}`);
  if (cause.hint !== undefined) output.progress(`  -> ${cause.hint}`);
  const left = error.kept ? 'What this run started is still there' : 'What this run started was removed';
  output.progress(`  ${left}; the log is in ${record.file}`);
  return cause.kind === 'interrupted' ? 130 : 1;
}

/** Writes the manifests; whoever may change the cluster applies them. */
async function renderForKubernetes(
  installation: Installation,
  { places, output, folder }: InstallRun,
  record: Record,
): Promise<number> {
  const path = secretsFile(places.config, installation.name);
  const kept = await readSecrets(path);
  const secrets = kept ?? (await makeSecrets());
  const containers = containersOf(installation, lineVersions(folder), secrets);
  for (const line of planLines(installation, 'kubernetes', containers)) output.progress(line);
  if (kept === undefined) await keepSecrets(path, secrets);
  const rendered = await writeRendered('kubernetes', installation, containers, places);
  record.write('render', 'done', rendered);
  const { name } = installation;
  const ports = containers.map(({ port }) => port).join(' ');
  output.print(
    'Manifests written; nothing was deployed',
    `  kubectl apply -f ${join(rendered, 'kubernetes.yaml')}`,
    `  kubectl --namespace ${name} rollout status deployment/${name}`,
    `  kubectl --namespace ${name} port-forward deployment/${name} ${ports}`,
  );
  return 0;
}

/** @returns the folder of the files. */
async function writeRendered(
  platform: PlatformName,
  installation: Installation,
  containers: readonly ContainerPlan[],
  { data }: Places,
): Promise<string> {
  const folder = join(data, 'installer', installation.name);
  for (const { name, content, mode } of renderedFiles(platform, installation, containers))
    await writeFileAtomic(join(folder, name), content, mode);
  return folder;
}

async function deployLocked(
  installation: Installation & { readonly platform: PlatformName },
  run: InstallRun,
  record: Record,
  onFailure: (() => Promise<AfterFailure>) | undefined,
): Promise<number> {
  const { places, surroundings, output, signal, folder } = run;
  const { platform } = installation;
  const variables = Object.fromEntries(
    Object.entries(surroundings.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const engineOptions = {
    variables,
    cacheDir: join(places.cache, 'installer'),
    config: { runtime: platform },
  };
  const connected = await openEngine(engineOptions);
  record.write('resolve', 'done', `${platform}: ${connected.description}`);
  const secretsPath = secretsFile(places.config, installation.name);
  const kept = await readSecrets(secretsPath);
  const secrets = kept ?? (await makeSecrets());
  const containers = containersOf(installation, lineVersions(folder), secrets);
  for (const line of planLines(installation, platform, containers)) output.progress(line);
  let wrote = false;
  try {
    const { difference } = await deploy({
      installation,
      containers,
      connected,
      environment: surroundings.env,
      record,
      folder: places.config,
      signal,
      say: (line) => output.progress(line),
      prepare: {
        render: () => writeRendered(platform, installation, containers, places),
        secrets: async () => {
          if (kept !== undefined) return 'kept';
          await keepSecrets(secretsPath, secrets);
          wrote = true;
          return 'made';
        },
      },
      register: () => register(installation, platform, containers, run),
      ...(onFailure === undefined ? {} : { onFailure }),
    });
    const changed = difference.lines.some((line) => !line.startsWith('='));
    output.print(changed ? 'Installation complete!' : 'Nothing to change');
    for (const { service, port } of containers)
      output.print(`  ${service.padEnd(20)} http://${installation.domain}:${port}`);
    return 0;
  } catch (error) {
    const keeps = error instanceof DeploymentFailed && error.kept;
    if (wrote && !keeps) await rm(secretsPath, { force: true });
    throw error;
  } finally {
    connected.engine.close();
    await stopPrivateService(engineOptions);
  }
}

/** The mode, and what stands where: what other programs and the next run read. */
async function register(
  { name, mode, services }: Installation,
  platform: string,
  containers: readonly ContainerPlan[],
  { places, surroundings, version }: InstallRun,
): Promise<string> {
  const at = surroundings.now().toISOString();
  const before = await readFile(join(places.config, 'active-mode.yaml'), 'utf8').catch(() => undefined);
  const previous = before === undefined ? undefined : /^mode:\s*(\S+)/m.exec(before)?.[1];
  if (previous !== mode) {
    const lines = [
      `mode: ${mode}`,
      `activated_at: ${at}`,
      'activated_by: provisioning-installer',
      `previous: ${previous ?? 'null'}`,
    ];
    await writeFileAtomic(join(places.config, 'active-mode.yaml'), `${lines.join('\n')}\n`, 0o644);
  }
  const endpoints = Object.fromEntries(
    containers.map(({ service, port }) => [service, `http://127.0.0.1:${port}`]),
  );
  const later = services
    .filter(({ service }) => service.runs === undefined)
    .map(({ service }) => service.name);
  const state = { name, mode, platform, version, installed_at: at, endpoints, later };
  await writeFileAtomic(places.stateFile, `${JSON.stringify(state, undefined, 2)}\n`, 0o644);
  return places.stateFile;
}
