import { Name, TaskservUse } from '@provisioning/extensions-sdk';
import { Type } from 'typebox';

const Target = Type.Object({ hostname: Name, provider: Type.String({ minLength: 1 }) });

/** Input of `taskserv.create`: everything but the addresses, which are asked for when it runs. */
export const TaskservInput = Type.Object({
  server: Target,
  taskserv: TaskservUse,
  /** Servers whose addresses the templates use; a plain hostname is on the same provider. */
  references: Type.Array(Type.Union([Type.String(), Target]), { default: [] }),
});

export const TaskservDeleteInput = Type.Object({
  ...TaskservInput.properties,
  /** Removes data directories too; they stay otherwise (07 §6.1). */
  cleanup_data: Type.Boolean({ default: false }),
});

export const TaskservUpdateInput = Type.Object({
  ...TaskservInput.properties,
  /** Version that is there now. */
  from: Type.String(),
  /** Data of a major version before is carried over (07 §6.2.3). */
  migrate: Type.Boolean({ default: false }),
  /** File a backup goes to before anything is changed; none when the taskserv keeps no data. */
  backup_to: Type.Optional(Type.String()),
  /** How it was installed before, for the way back when the update fails. */
  previous: Type.Optional(TaskservUse),
});
