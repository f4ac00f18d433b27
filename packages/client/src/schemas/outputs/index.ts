import { type TSchema, Type } from 'typebox';
import { WorkflowRecord } from '../records.ts';
import { artifactsOutputs } from './artifacts.ts';
import { backupsOutputs } from './backups.ts';
import { clustersOutputs } from './clusters.ts';
import { costsOutputs } from './costs.ts';
import { extensionsOutputs } from './extensions.ts';
import { layersOutputs } from './layers.ts';
import {
  CheckOutput,
  OperationOutput,
  OrchestratorStatusOutput,
  PlanOutput,
  ServerListing,
  StatusCheckOutput,
  TaskservListing,
  WorkspaceListing,
} from './named.ts';
import { orchestrationOutputs } from './orchestration.ts';
import { programOutputs } from './program.ts';
import { providersOutputs } from './providers.ts';
import { serversOutputs } from './servers.ts';
import { settingsOutputs } from './settings.ts';
import { taskservsOutputs } from './taskservs.ts';
import { workspacesOutputs } from './workspaces.ts';

export * from './named.ts';

/** Schema of the JSON each command prints, by command. */
export const commandOutputs: Readonly<Record<string, TSchema>> = {
  ...artifactsOutputs,
  ...backupsOutputs,
  ...clustersOutputs,
  ...costsOutputs,
  ...extensionsOutputs,
  ...layersOutputs,
  ...orchestrationOutputs,
  ...programOutputs,
  ...providersOutputs,
  ...serversOutputs,
  ...settingsOutputs,
  ...taskservsOutputs,
  ...workspacesOutputs,
  'server list': Type.Array(ServerListing),
  'taskserv list': Type.Array(TaskservListing),
  'workspace list': Type.Array(WorkspaceListing),
  'workflow list': Type.Array(WorkflowRecord),
  'workflow status': WorkflowRecord,
  'list infras': Type.Array(Type.String()),
  plan: PlanOutput,
  'deploy --check': CheckOutput,
  'workspace init --check': CheckOutput,
  deploy: OperationOutput,
  destroy: OperationOutput,
  'orchestrator status': OrchestratorStatusOutput,
  status: Type.Array(StatusCheckOutput),
};

/** Commands that print text as it is, in every format, and what it is. */
export const plainOutputs: Readonly<Record<string, string>> = {
  'completion bash': 'the script',
  'completion fish': 'the script',
  'completion powershell': 'the script',
  'completion words': 'one candidate a line, for the shell',
  'completion zsh': 'the script',
  'config daemon run': 'nothing',
  'config export': 'the settings, in the format asked for',
  'config schema': 'the schema, in the format asked for',
  'form run': 'the values, in the format asked for',
  nu: 'the value of the code, in the format asked for',
  'nickel export': 'the data of the file, in the format asked for',
  'oci-registry serve': 'nothing',
  'server exec': 'what the command on the server prints',
  'server ssh': 'what the command on the server prints',
  'taskserv logs': 'lines of the journal as they are',
};
