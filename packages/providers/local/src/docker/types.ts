/** The parts of the Docker Engine API (1.41 and newer) that this provider sends and reads. Sizes in bytes. */

export type Labels = Readonly<Record<string, string>>;

export interface EngineVersion {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly Arch: string;
  readonly KernelVersion?: string;
}

export interface EngineInfo {
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly OperatingSystem?: string;
  readonly CgroupVersion?: string;
  readonly CgroupDriver?: string;
  readonly DefaultRuntime?: string;
  readonly SecurityOptions?: readonly string[];
}

export interface Ulimit {
  readonly Name: string;
  readonly Soft: number;
  readonly Hard: number;
}

export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

export interface HostConfig {
  readonly Memory?: number;
  readonly NanoCpus?: number;
  readonly Ulimits?: readonly Ulimit[];
  readonly PortBindings?: Readonly<Record<string, readonly PortBinding[]>>;
  readonly RestartPolicy?: { readonly Name: string; readonly MaximumRetryCount?: number };
  readonly NetworkMode?: string;
  readonly Binds?: readonly string[];
  readonly Mounts?: readonly {
    readonly Type: 'volume' | 'bind';
    readonly Source: string;
    readonly Target: string;
    readonly ReadOnly?: boolean;
  }[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly Privileged?: boolean;
  readonly CgroupnsMode?: 'private' | 'host';
  readonly SecurityOpt?: readonly string[];
}

export interface ContainerSpec {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly Hostname?: string;
  readonly Labels?: Labels;
  /** Times in nanoseconds; the test `NONE` takes away the one of the image. */
  readonly Healthcheck?: {
    readonly Test: readonly string[];
    readonly Interval?: number;
    readonly Timeout?: number;
  };
  readonly StopSignal?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly HostConfig?: HostConfig;
  readonly NetworkingConfig?: {
    readonly EndpointsConfig: Readonly<
      Record<
        string,
        {
          readonly Aliases?: readonly string[];
          readonly IPAMConfig?: { readonly IPv4Address: string };
          readonly MacAddress?: string;
        }
      >
    >;
  };
}

export interface ContainerSummary {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly State: string;
  readonly Created: number;
  readonly Labels: Labels;
  readonly Ports?: readonly {
    readonly IP?: string;
    readonly PrivatePort: number;
    readonly PublicPort?: number;
    readonly Type: string;
  }[];
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<
      Record<string, { readonly IPAddress?: string; readonly GlobalIPv6Address?: string }>
    >;
  };
}

export interface ContainerDetails {
  readonly Id: string;
  readonly Name: string;
  readonly Image: string;
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly Error?: string };
  readonly Config: ContainerSpec & { readonly Labels?: Labels };
  readonly HostConfig: HostConfig & { readonly CpuQuota?: number; readonly CpuPeriod?: number };
  readonly Mounts?: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Source?: string;
    readonly Destination: string;
  }[];
}

export interface NetworkSummary {
  readonly Id: string;
  readonly Name: string;
  readonly Labels?: Labels;
  readonly IPAM?: { readonly Config?: readonly { readonly Subnet?: string }[] };
  readonly Containers?: Readonly<Record<string, { readonly IPv4Address?: string }>> | null;
}

export interface VolumeSummary {
  readonly Name: string;
  readonly Labels?: Labels;
  readonly Mountpoint?: string;
  readonly CreatedAt?: string;
}

export interface ImageSummary {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly Labels?: Labels | null;
  readonly Created: number;
  readonly Size: number;
}
