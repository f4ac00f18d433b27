/** A server by hostname within the context's infrastructure, or by the provider's id. */
export type ServerRef = { readonly hostname: string; readonly id?: string };

/** A load balancer as a definition has it (05 §4.5), the target port of each listener said. Times in seconds. */
export interface LoadBalancerWish {
  readonly name: string;
  /** Default: `application`. */
  readonly type?: 'application' | 'network';
  /** Default: `internet-facing`. */
  readonly scheme?: 'internet-facing' | 'internal';
  /** Names of subnets; default: those there are, one of each zone. */
  readonly subnets?: readonly string[];
  readonly zone?: string;
  readonly listeners: readonly LoadBalancerListener[];
  readonly health_check?: LoadBalancerCheck;
}

export interface LoadBalancerListener {
  readonly port: number;
  readonly target_port: number;
  /** `tcp` (default), `http` or `https`. */
  readonly protocol?: string;
  /** Name or id of the certificate at the provider, for `https`. */
  readonly cert?: string;
}

/** How often a server is asked, and how many answers in a row count. A path is asked where listeners speak HTTP. */
export interface LoadBalancerCheck {
  readonly path?: string;
  readonly interval?: number;
  readonly timeout?: number;
  readonly healthy?: number;
  readonly unhealthy?: number;
}

/** Who gets requests. Providers without weights give each target its part; 0 takes a server out everywhere. */
export interface LoadBalancerTarget {
  readonly ref: ServerRef;
  /** 0 to 100. */
  readonly weight: number;
}

/** A load balancer as the provider reports it. */
export interface ObservedLoadBalancer {
  readonly id: string;
  /** Its name in the definition. */
  readonly name: string;
  readonly address: string | null;
  readonly ports: readonly number[];
  /** Servers that get requests, where the provider tells. Without weights there, each has 100. */
  readonly targets?: readonly { readonly id: string; readonly weight: number }[];
}

export interface LoadBalancerService {
  /** Creates it or takes the one there is of the name, and adds listeners that are missing. */
  ensure(wish: LoadBalancerWish): Promise<{ readonly id: string; readonly address: string | null }>;
  /** Those of the infrastructure. Absent: only `ensure` tells whether one is there. */
  list?(): Promise<readonly ObservedLoadBalancer[]>;
  /** Exactly these servers get requests afterwards. */
  setTargets(id: string, targets: readonly LoadBalancerTarget[]): Promise<void>;
  health(id: string): Promise<{ readonly healthy: number; readonly total: number }>;
  delete(id: string): Promise<void>;
}

/** A bucket as a definition has it (05 §4.6). Its name is used as it is: programs address it by that. */
export interface BucketWish {
  readonly name: string;
  readonly region?: string;
  readonly versioning?: boolean;
  /** `AES256`, `aws:kms` or what else the provider knows. */
  readonly encryption?: string;
}

export interface ObservedBucket {
  readonly id: string;
  readonly name: string;
  readonly region?: string;
  readonly versioning?: boolean;
  readonly encryption?: string;
}

export interface BucketService {
  /** Creates it or takes the infrastructure's own of the name, and sets versioning and encryption as wished. */
  ensure(wish: BucketWish): Promise<{ readonly id: string }>;
  /** Those of the infrastructure. Absent: only `ensure` tells whether one is there. */
  list?(): Promise<readonly ObservedBucket[]>;
  /** @throws ProviderError `conflict` while objects are in it. */
  delete(id: string): Promise<void>;
}

/** A database that the provider runs (06 §2, S:3333-3340). Sizes in GB. */
export interface ManagedDatabaseWish {
  readonly name: string;
  /** `postgres`, `mysql`, `mariadb` or what else the provider runs. */
  readonly engine: string;
  readonly version?: string;
  /** The provider's name of a size. */
  readonly plan?: string;
  readonly storage?: number;
  readonly user?: string;
  /** Without one the provider makes it and keeps it. */
  readonly password?: string;
  /** A second one in another zone takes over. */
  readonly high_availability?: boolean;
  /** Days for which backups are kept; 0 for none. */
  readonly backup_days?: number;
}

/** A Kubernetes cluster that the provider runs (06 §2, S:3333-3340). */
export interface ManagedKubernetesWish {
  readonly name: string;
  readonly version?: string;
  /** The provider's name of a size of the nodes. */
  readonly plan?: string;
  readonly nodes?: number;
  /** Role the service acts as, where it needs one. */
  readonly role?: string;
  readonly node_role?: string;
  /** Names or ids of subnets; default: those there are. */
  readonly subnets?: readonly string[];
}

export interface ObservedManaged {
  readonly id: string;
  /** Its name in the definition. */
  readonly name: string;
  readonly status: string;
  readonly version?: string;
  readonly address: string | null;
}

/** A service that the provider runs itself. What takes minutes goes on after `ensure`; `list` tells when it is done. */
export interface ManagedService<Wish> {
  ensure(wish: Wish): Promise<{ readonly id: string }>;
  list(): Promise<readonly ObservedManaged[]>;
  delete(id: string): Promise<void>;
}

export interface ManagedServices {
  readonly database?: ManagedService<ManagedDatabaseWish>;
  readonly kubernetes?: ManagedService<ManagedKubernetesWish>;
}
