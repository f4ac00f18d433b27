import { isAbsolute } from 'node:path';
import {
  type Infrastructure,
  infraPath,
  type LinkedModules,
  listInfrastructures,
  openProject,
  type Project,
  selectWorkspace,
  StateFile,
  type InfrastructureState,
  type Surroundings,
} from '@provisioning/core';
import { signerLookup } from '@provisioning/distribution';
import { type Context, ProvisioningError } from '@provisioning/extensions-sdk';

/** Where a request wants something done; what is left out is chosen as the command line chooses it (03 §6). */
export interface Place {
  readonly workspace?: string;
  readonly infra?: string;
  readonly environment?: string;
  /** A file inside the infrastructure's folder, merged over its definition. */
  readonly settings?: string;
}

export interface OpenedInfrastructure extends AsyncDisposable {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly definition: Infrastructure;
  readonly project: Project;
  readonly context: Context;
  /** What was last known of its resources. */
  state(): Promise<InfrastructureState>;
  /** The definition anew, with the wishes that the state holds by now. */
  reload(): Promise<Infrastructure>;
}

/** An infrastructure without its definition: enough to list what it has. */
export interface KnownInfrastructure {
  readonly workspace: { readonly name: string; readonly path: string };
  readonly infra: string;
}

export interface InfrastructuresOptions {
  readonly surroundings: Surroundings;
  readonly moduleUrls: readonly string[];
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;
  /** Linked extensions that are being written. */
  readonly linked?: LinkedModules;
  /** The only workspace that may be asked for; absent: all. */
  readonly served?: string;
}

/** Workspaces and infrastructures as requests name them. Opening one contacts nobody. */
export class Infrastructures {
  readonly #options: InfrastructuresOptions;

  constructor(options: InfrastructuresOptions) {
    this.#options = options;
  }

  /**
   * Opens the infrastructure of a request; close it with `await using`.
   * @throws ProvisioningError `WORKSPACE_NOT_FOUND`, `INFRA_NOT_FOUND` (404) and the findings of its definition
   */
  async open({ workspace, infra, environment, settings }: Place): Promise<OpenedInfrastructure> {
    const { surroundings, moduleUrls, log, linked } = this.#options;
    if (settings !== undefined) checkSettings(settings);
    this.requireServed(workspace);
    const selected = await selectWorkspace({ surroundings, workspace, infra });
    this.requireServed(selected.name);
    const place = { name: selected.name, path: selected.path };
    const opened = await openProject({
      surroundings,
      workspace: place,
      infra: selected.infra!,
      environment: environment ?? selected.environment,
      moduleUrls,
      log,
      linked,
      signer: (configuration) => signerLookup(surroundings, configuration),
    });
    try {
      const definition = await opened.infrastructure({ settingsFile: settings });
      const context = opened.project.context({ idempotencyKey: 'api' });
      return {
        workspace: place,
        definition,
        project: opened.project,
        context,
        state: () => new StateFile(infraPath(context)).read(),
        reload: () => opened.infrastructure({ settingsFile: settings }),
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @throws ProvisioningError `VALIDATION_FAILED` for another workspace than the one that is served (12 §14) */
  requireServed(workspace: string | undefined): void {
    const { served } = this.#options;
    if (served === undefined || workspace === undefined || workspace === served) return;
    const message = `Workspace '${workspace}' is not served by this orchestrator`;
    throw new ProvisioningError({
      code: 'VALIDATION_FAILED',
      kind: 'usage',
      message,
      hint: `It serves '${served}'; set platform.orchestrator.multi_workspace to serve all`,
      details: [{ path: '/workspace', message }],
    });
  }

  /** The infrastructures that a list is about: one, or all of the workspace. */
  async known({ workspace, infra }: Place): Promise<readonly KnownInfrastructure[]> {
    const { surroundings } = this.#options;
    this.requireServed(workspace);
    const selected = await selectWorkspace({
      surroundings,
      workspace,
      infra,
      infrastructure: infra === undefined ? 'none' : 'required',
    });
    this.requireServed(selected.name);
    const place = { name: selected.name, path: selected.path };
    const names = infra === undefined ? await listInfrastructures(selected.path) : [infra];
    return names.map((name) => ({ workspace: place, infra: name }));
  }
}

/** @throws ProvisioningError for what leads out of the infrastructure's folder (13 §4) */
function checkSettings(settings: string): void {
  if (!isAbsolute(settings) && !settings.split(/[\\/]/).includes('..')) return;
  throw new ProvisioningError({
    code: 'VALIDATION_FAILED',
    kind: 'usage',
    message: `settings: expected a file inside the infrastructure's folder, found '${settings}'`,
    details: [{ path: '/settings', message: 'must be a relative path without ..', found: settings }],
  });
}
