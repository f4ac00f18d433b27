/** The parts of the UpCloud API 1.3 (https://developers.upcloud.com/1.3/) that this provider reads. */

export interface ApiLabel {
  readonly key: string;
  readonly value: string;
}

export interface ApiInterface {
  readonly index: number;
  readonly type: 'public' | 'utility' | 'private';
  readonly network?: string;
  readonly ip_addresses: {
    readonly ip_address: readonly { readonly address: string; readonly family: string }[];
  };
}

export interface ApiStorageDevice {
  readonly address: string;
  readonly boot_disk?: string;
  readonly storage: string;
  readonly storage_size: number;
  readonly storage_title: string;
  readonly type: string;
}

/** Lists leave out interfaces, addresses and storages. Numbers of cores and memory come as text. */
export interface ApiServer {
  readonly uuid: string;
  readonly title: string;
  readonly hostname: string;
  readonly zone: string;
  readonly plan: string;
  readonly state: string;
  readonly core_number: string | number;
  readonly memory_amount: string | number;
  /** Seconds since the epoch. */
  readonly created?: number;
  readonly firewall?: string;
  readonly labels?: { readonly label: readonly ApiLabel[] };
  readonly ip_addresses?: {
    readonly ip_address: readonly {
      readonly access: string;
      readonly address: string;
      readonly family: string;
    }[];
  };
  readonly networking?: { readonly interfaces: { readonly interface: readonly ApiInterface[] } };
  readonly storage_devices?: { readonly storage_device: readonly ApiStorageDevice[] };
}

export interface ApiAddress {
  readonly access: string;
  readonly address: string;
  readonly family: string;
  readonly server?: string;
}

export interface ApiPlan {
  readonly name: string;
  readonly core_number: number;
  readonly memory_amount: number;
  readonly storage_size: number;
  readonly storage_tier: string;
}

export interface ApiZone {
  readonly id: string;
  readonly description: string;
  readonly public: string;
}

/** A zone's prices: cents an hour for an amount. */
export type ApiPriceZone = { readonly name: string } & Readonly<
  Record<string, string | { readonly amount: number; readonly price: number }>
>;

export interface ApiStorage {
  readonly uuid: string;
  readonly title: string;
  readonly type: string;
  readonly size: number;
  readonly state: string;
  readonly zone?: string;
  readonly created?: string;
  readonly origin?: string;
  readonly labels?: readonly ApiLabel[];
  readonly servers?: { readonly server: readonly string[] };
}

export interface ApiNetwork {
  readonly uuid: string;
  readonly name: string;
  readonly type: string;
  readonly zone: string;
  readonly labels?: readonly ApiLabel[];
}

export interface ApiFirewallRule {
  readonly direction: 'in' | 'out';
  readonly action: 'accept' | 'drop' | 'reject';
  readonly family?: string;
  readonly protocol?: string;
  readonly source_address_start?: string;
  readonly source_address_end?: string;
  readonly destination_address_start?: string;
  readonly destination_address_end?: string;
  readonly destination_port_start?: string;
  readonly destination_port_end?: string;
  readonly comment?: string;
}

export interface ApiLoadBalancer {
  readonly uuid: string;
  readonly name: string;
  readonly operational_state?: string;
  readonly dns_name?: string;
  readonly labels?: readonly ApiLabel[];
  readonly frontends?: readonly { readonly name: string; readonly port: number }[];
  readonly backends?: readonly {
    readonly name: string;
    readonly members: readonly {
      readonly name: string;
      readonly weight?: number;
      readonly enabled?: boolean;
      readonly operational_state?: string;
    }[];
  }[];
}

export interface ApiAccount {
  readonly username: string;
  readonly credits: number;
  readonly resource_limits?: Readonly<Record<string, number>>;
}

/** A managed object storage: the service that buckets stand in. */
export interface ApiObjectStorage {
  readonly uuid: string;
  readonly name: string;
  readonly region: string;
  readonly operational_state: string;
  readonly created_at: string;
  readonly endpoints?: readonly { readonly domain_name: string; readonly type: string }[];
  readonly labels?: readonly ApiLabel[];
}

export interface ApiObjectStorageRegion {
  readonly name: string;
  readonly zones: readonly { readonly name: string }[];
}

export interface ApiBucket {
  readonly name: string;
  readonly total_objects: number;
  readonly total_size_bytes?: number;
  readonly deleted?: boolean;
}
