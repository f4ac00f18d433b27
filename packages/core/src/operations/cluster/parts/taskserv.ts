import { observeTaskservs } from '../../../taskserv/observe.ts';
import { taskservCreate } from '../../taskserv/create.ts';
import { taskservDelete } from '../../taskserv/delete.ts';
import type { PartKind, TaskservPart } from './part.ts';

export const taskservPart: PartKind<TaskservPart> = {
  async state(context, { server, taskserv }) {
    const [observation] = await observeTaskservs(context, server, [taskserv]);
    const { state } = observation!;
    return state === 'absent' ? 'absent' : state === 'satisfied' ? 'there' : 'differs';
  },
  deploy: (context, part) => taskservCreate.run(context, part),
  async remove(context, part, { cleanupData }) {
    const { warnings } = await taskservDelete.run(context, { ...part, cleanup_data: cleanupData });
    return warnings;
  },
};
