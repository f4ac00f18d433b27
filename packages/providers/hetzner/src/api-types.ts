/** The parts of the Hetzner Cloud API (https://docs.hetzner.cloud) that this provider reads. */

export type Labels = Readonly<Record<string, string>>;

export interface ApiAction {
  readonly id: number;
  readonly command: string;
  readonly status: 'running' | 'success' | 'error';
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface ApiLocation {
  readonly name: string;
  readonly description: string;
  readonly country: string;
  readonly network_zone: string;
}

export interface ApiPrice {
  readonly location: string;
  readonly price_hourly: { readonly net: string };
  readonly price_monthly: { readonly net: string };
}

export interface ApiServerType {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly cores: number;
  /** GB. */
  readonly memory: number;
  readonly disk: number;
  readonly architecture: 'x86' | 'arm';
  readonly prices: readonly ApiPrice[];
  readonly locations?: readonly { readonly name: string; readonly deprecation?: unknown }[];
}

export interface ApiImage {
  readonly id: number;
  readonly name: string | null;
  readonly description: string;
  readonly type: string;
  readonly architecture: 'x86' | 'arm';
  readonly os_flavor: string;
  readonly created: string;
  readonly labels: Labels;
  readonly created_from?: { readonly id: number; readonly name: string } | null;
}

export interface ApiServer {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly created: string;
  readonly locked: boolean;
  readonly labels: Labels;
  readonly server_type: ApiServerType;
  readonly primary_disk_size: number;
  readonly location: ApiLocation;
  readonly image: ApiImage | null;
  readonly volumes?: readonly number[];
  readonly public_net: {
    readonly ipv4: { readonly ip: string } | null;
    readonly ipv6: { readonly ip: string } | null;
    readonly firewalls?: readonly { readonly id: number }[];
  };
  readonly private_net: readonly { readonly network?: number; readonly ip?: string }[];
}

export interface ApiRule {
  readonly direction: 'in' | 'out';
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'esp' | 'gre';
  readonly port?: string | null;
  readonly source_ips?: readonly string[];
  readonly destination_ips?: readonly string[];
  readonly description?: string | null;
}

/** What firewalls, networks, volumes, keys and load balancers have in common. */
export interface ApiResource {
  readonly id: number;
  readonly name: string;
  readonly created: string;
  readonly labels?: Labels;
}

export interface ApiFirewall extends ApiResource {
  readonly rules: readonly ApiRule[];
}

export interface ApiVolume extends ApiResource {
  readonly size: number;
  readonly server: number | null;
  readonly linux_device: string;
}

export interface ApiSshKey extends ApiResource {
  readonly public_key: string;
}

export interface ApiNetwork extends ApiResource {
  readonly ip_range: string;
}

export interface ApiLoadBalancer extends ApiResource {
  readonly targets: readonly {
    readonly type: string;
    readonly server?: { readonly id: number };
    readonly health_status?: readonly { readonly listen_port?: number; readonly status?: string }[];
  }[];
  readonly services: readonly { readonly listen_port: number }[];
  readonly public_net: { readonly ipv4: { readonly ip?: string | null } };
}

export interface ApiPricing {
  readonly currency: string;
  readonly volume: { readonly price_per_gb_month: { readonly net: string } };
  readonly primary_ips: readonly {
    readonly type: string;
    readonly prices: readonly {
      readonly location: string;
      readonly price_monthly: { readonly net: string };
    }[];
  }[];
}

export interface ApiRecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number | null;
  readonly records: readonly { readonly value: string }[];
}
