import {
  availableReleases,
  type InstalledTaskserv,
  readHistories,
  type UpdateSources,
  userDirectories,
} from '@provisioning/core';
import type { TaskservManifest } from '@provisioning/extensions-sdk';
import type { ProvisioningCommand } from '../frame/command.ts';
import { surroundingsOf } from '../session/surroundings.ts';

/** Where publishers are asked for their releases; answers are kept for an hour. */
export function updateSources(command: ProvisioningCommand): UpdateSources {
  const { environment, now } = command.runtime;
  const token = environment['GITHUB_TOKEN'];
  const apiBase = environment['GITHUB_API_URL'];
  return {
    cacheFolder: userDirectories(surroundingsOf(command.runtime)).cache,
    now: () => now(),
    ...(token === undefined || token === '' ? {} : { token }),
    // A GitHub server of one's own, or a mirror of the API.
    ...(apiBase === undefined || apiBase === '' ? {} : { apiBase: apiBase.replace(/\/$/, '') }),
    ...(command.globals.offline ? { fetch: offline } : {}),
  };
}

const offline: typeof fetch = () => Promise.reject(new Error('--offline'));

/** What was installed from here, a row for every taskserv and server. */
export async function installedFromHere(
  place: Parameters<typeof readHistories>[0],
  manifests: ReadonlyMap<string, TaskservManifest>,
): Promise<readonly InstalledTaskserv[]> {
  const histories = await readHistories(place);
  return [...histories].flatMap(([target, history]) =>
    Object.entries(history).flatMap(([name, { current }]) => {
      const manifest = manifests.get(name);
      return manifest === undefined ? [] : [{ manifest, version: exactOf(current), target }];
    }),
  );
}

/** `15` is what was asked for, 15.14 what came. */
function exactOf(current: { readonly version: string; readonly installed_version: string }): string {
  const { version, installed_version: installed } = current;
  return installed.startsWith(`${version}.`) ? installed : version;
}

/** The newest version that fits: all of them, only those that fix something, or those of a partial version. */
export async function newestVersion(
  manifest: TaskservManifest,
  sources: UpdateSources,
  options: { readonly from: string; readonly securityOnly?: boolean },
): Promise<string> {
  const { releases } = await availableReleases(manifest, sources);
  const able = options.securityOnly === true ? releases.filter(({ security }) => security) : releases;
  if (able[0] !== undefined) return able[0].version;
  // Package sources say what is newest when the packages are installed.
  return options.securityOnly === true ? options.from : manifest.software.version;
}
