import type { ObservedServer, ProviderInstance, ServerSpec } from './provider.ts';
import type { ServerRef } from './resources.ts';

type AnyFunction = (...parameters: readonly unknown[]) => unknown;

/** Names of the first provider API and what they are called now (06 §2). Signs and capitals do not count. */
const renamed: Readonly<Record<string, keyof ProviderInstance>> = {
  queryservers: 'listServers',
  serverinfo: 'getServer',
  getserverinfo: 'getServer',
  getplans: 'listPlans',
  getserverplans: 'listPlans',
  getzones: 'listZones',
  getregions: 'listZones',
  getsshaccess: 'getAccess',
};

/** Functions that a provider of today has, by the name without signs. */
const current: readonly (keyof ProviderInstance)[] = [
  'getServer',
  'serverExists',
  'createServer',
  'getIp',
  'configureFirewall',
];

const plainName = (name: string): string => name.replace(/[-_]/g, '').toLowerCase();

/**
 * An instance that still speaks by the names of the first provider API, with the names of today beside them. What it has
 * under a name of today stays as it is; an instance without old names is given back unchanged. The old `error_exit` flag
 * has no counterpart: functions throw.
 */
export function adaptLegacy(instance: ProviderInstance): ProviderInstance {
  const own = instance as unknown as Readonly<Record<string, unknown>>;
  const old = new Map<string, AnyFunction>();
  for (const name of memberNames(instance)) {
    const value = own[name];
    if (typeof value === 'function') old.set(plainName(name), (value as AnyFunction).bind(instance));
  }
  const added: Record<string, unknown> = {};
  const add = (name: keyof ProviderInstance, work: AnyFunction | undefined): void => {
    if (work !== undefined && typeof own[name] !== 'function') added[name] ??= work;
  };
  for (const name of current) add(name, old.get(plainName(name)));
  for (const [before, name] of Object.entries(renamed)) add(name, old.get(before));
  add('createServer', manyAtOnce(old.get('createservers')));
  add('deleteServer', deletion(old.get('deleteservers')));
  add('setServerState', switching(old));
  if (Object.keys(added).length === 0) return instance;
  return Object.assign(Object.create(instance) as ProviderInstance, added);
}

/** Names of an object and of the classes it is made of. */
function memberNames(instance: object): Set<string> {
  const names = new Set<string>();
  for (
    let object: object | null = instance;
    object !== null && object !== Object.prototype;
    object = Object.getPrototypeOf(object) as object | null
  )
    for (const name of Object.getOwnPropertyNames(object)) names.add(name);
  names.delete('constructor');
  return names;
}

/** `create-servers(plan)` made a number of equal servers; one is asked of it now. */
function manyAtOnce(create: AnyFunction | undefined): AnyFunction | undefined {
  if (create === undefined) return undefined;
  return async (given, options) => {
    const spec = given as ServerSpec;
    const made = await create({ ...spec, count: 1, size: spec.plan, zone: spec.zone }, options);
    return Array.isArray(made) ? (made[0] as ObservedServer) : made;
  };
}

/** `delete-servers(ids)` took a list and told nothing. */
function deletion(remove: AnyFunction | undefined): AnyFunction | undefined {
  if (remove === undefined) return undefined;
  return async (given, options) => {
    const { id, hostname } = given as ServerRef & { readonly id?: string };
    await remove([id ?? hostname], options);
    return { deleted: true };
  };
}

/** `server_state(ref, state)`, or a function for each state. */
function switching(old: ReadonlyMap<string, AnyFunction>): AnyFunction | undefined {
  const state = old.get('serverstate');
  if (state !== undefined) return state;
  const each = {
    running: old.get('startserver'),
    stopped: old.get('stopserver'),
    rebooted: old.get('rebootserver'),
  };
  if (each.running === undefined || each.stopped === undefined) return undefined;
  return async (ref, wanted, options) => {
    const work = each[wanted as keyof typeof each];
    if (work !== undefined) return work(ref, options);
    await each.stopped!(ref, options);
    return each.running!(ref, options);
  };
}
