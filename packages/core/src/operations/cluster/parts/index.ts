import type { Context } from '@provisioning/extensions-sdk';
import { containerPart } from './container.ts';
import { kubernetesPart } from './kubernetes.ts';
import type { Part, PartKind } from './part.ts';
import { resourcePart } from './resource.ts';
import { serverPart } from './server.ts';
import { taskservPart } from './taskserv.ts';

const kinds = {
  taskserv: taskservPart,
  server: serverPart,
  resource: resourcePart,
  container: containerPart,
  kubernetes: kubernetesPart,
} as const satisfies Record<Part['kind'], PartKind<never>>;

/** How the parts of that kind are dealt with. */
export function kindOf(part: Part): PartKind {
  return kinds[part.kind] as unknown as PartKind;
}

/** The parts that are not there yet. */
export async function absentParts(context: Context, parts: readonly Part[]): Promise<readonly Part[]> {
  const states = await Promise.all(parts.map((part) => kindOf(part).state(context, part)));
  return parts.filter((_part, index) => states[index] === 'absent');
}

export { Part, placeOf } from './part.ts';
