import type { Static, TSchema } from 'typebox';
import { Cluster, Component } from '../schemas/cluster.ts';
import { CompanyEnvironment } from '../schemas/company-environment.ts';
import { ConfigurationSchema } from '../schemas/configuration.ts';
import { defaultsOf } from '../schemas/defaults.ts';
import { Settings } from '../schemas/infrastructure.ts';
import { LoadBalancer, Network, Storage, Subnet } from '../schemas/network.ts';
import {
  FirewallRule,
  Server,
  ServerNetwork,
  ServerStorage,
  ServerTaskserv,
  ServerVolume,
} from '../schemas/server.ts';
import { type DeepPartial, mergeRecords } from './merge.ts';

/** Keys a schema does not know are kept. */
type Overrides<T> = DeepPartial<T> & Readonly<Record<string, unknown>>;
type Maker<S extends TSchema> = (overrides?: Overrides<Static<S>>) => Static<S>;

/** A function that lays overrides over the defaults of a schema (05 §5.6). */
export function makerOf<S extends TSchema>(schema: S): Maker<S> {
  return (overrides = {} as Overrides<Static<S>>) => mergeRecords(defaultsOf(schema), overrides) as Static<S>;
}

export const makeServer: (overrides: Overrides<Server> & { readonly hostname: string }) => Server = (
  overrides,
) => mergeRecords(defaultsOf(Server), overrides) as Server;
export const makeSettings = makerOf(Settings);
export const makeTaskserv = makerOf(ServerTaskserv);
export const makeFirewallRule = makerOf(FirewallRule);
export const makeVolume = makerOf(ServerVolume);
export const makeServerStorage = makerOf(ServerStorage);
export const makeServerNetwork = makerOf(ServerNetwork);
export const makeNetwork = makerOf(Network);
export const makeSubnet = makerOf(Subnet);
export const makeLoadBalancer = makerOf(LoadBalancer);
export const makeStorage = makerOf(Storage);
export const makeCluster = makerOf(Cluster);
export const makeComponent = makerOf(Component);
export const makeCompanyEnvironment = makerOf(CompanyEnvironment);
export const makeConfiguration = makerOf(ConfigurationSchema);

/** Complete default values, frozen. */
export const DefaultSettings = Object.freeze(makeSettings());
export const DefaultServerStorage = Object.freeze(makeServerStorage());
export const DefaultServerNetwork = Object.freeze(makeServerNetwork());
export const DefaultCluster = Object.freeze(makeCluster());
