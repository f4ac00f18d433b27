/**
 * Ids are UUIDv7 (12 §2). A workflow's id ends in five zero digits; the id of the task of its operation `n` ends in
 * `n + 1` there. So a task's id tells its workflow and operation, and nothing has to be stored to find it.
 */

const taskDigits = 5;

/** @param random seven random bytes */
export function workflowId(now: number, random: Uint8Array): string {
  const time = now.toString(16).padStart(12, '0');
  const hex = [...random].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const variant = (8 + (parseInt(hex[3]!, 16) & 3)).toString(16);
  const tail = hex.slice(7, 14) + '0'.repeat(taskDigits);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${tail}`;
}

export function taskId(workflow: string, operation: number): string {
  return workflow.slice(0, -taskDigits) + (operation + 1).toString(16).padStart(taskDigits, '0');
}

/** The workflow and, for the task of an operation, its index. */
export function parseTaskId(id: string): {
  readonly workflow: string;
  readonly operation: number | undefined;
} {
  const number = parseInt(id.slice(-taskDigits), 16);
  const workflow = id.slice(0, -taskDigits) + '0'.repeat(taskDigits);
  return { workflow, operation: number > 0 ? number - 1 : undefined };
}
