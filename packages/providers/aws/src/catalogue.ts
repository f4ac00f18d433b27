import {
  type Image,
  type Plan,
  type Price,
  ProviderError,
  type ProviderContext,
  type Zone,
} from '@provisioning/extensions-sdk';
import { CatalogueCache } from '@provisioning/extensions-sdk/http';
import { clockOf } from '@provisioning/extensions-sdk/cloud';
import type { Clients } from './clients.ts';
import type { AwsConfig } from './config.ts';
import { name } from './failure.ts';
import type { TypeSize } from './observe.ts';

const hoursPerMonth = 730;

/** Who publishes the images of a system, and under which names. */
const publishers: Readonly<Record<string, readonly [owner: string, pattern: string]>> = {
  'ubuntu-22.04': ['099720109477', 'ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-amd64-server-*'],
  'ubuntu-24.04': ['099720109477', 'ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-amd64-server-*'],
  'debian-12': ['136693071363', 'debian-12-amd64-*'],
  'debian-13': ['136693071363', 'debian-13-amd64-*'],
  'rocky-9': ['792107900819', 'Rocky-9-EC2-Base-9.*.x86_64'],
  'alma-9': ['764336703387', 'AlmaLinux OS 9*x86_64'],
  'amazon-2023': ['137112412989', 'al2023-ami-2023.*-kernel-*-x86_64'],
};
export const systems: readonly string[] = Object.keys(publishers);

/** Countries of the regions, for region wishes such as `de` or `europe`. */
const countries: Readonly<Record<string, string>> = {
  'us-': 'us',
  'ca-': 'ca',
  'eu-central-1': 'de',
  'eu-central-2': 'ch',
  'eu-west-1': 'ie',
  'eu-west-2': 'uk',
  'eu-west-3': 'fr',
  'eu-north-1': 'se',
  'eu-south-1': 'it',
  'eu-south-2': 'es',
  'ap-southeast-1': 'sg',
  'ap-southeast-2': 'au',
  'ap-northeast-1': 'jp',
  'ap-northeast-2': 'kr',
  'ap-south-1': 'in',
  'sa-east-1': 'br',
  'af-south-1': 'za',
};

/** Instance types, zones, images and prices; kept on disk for a day (06 §8). */
export class Catalogue {
  readonly #clients: Clients;
  readonly #config: AwsConfig;
  readonly #cache: CatalogueCache;
  readonly #warn: (message: string) => void;

  constructor(clients: Clients, context: ProviderContext) {
    this.#clients = clients;
    this.#config = context.config as AwsConfig;
    this.#warn = (message) => context.log('warn', message);
    this.#cache = new CatalogueCache({
      directory: context.cacheDir,
      scope: `${this.#config.api_url ?? 'aws'} ${clients.regions.join(' ')}`,
      now: () => clockOf(context).now(),
      warn: this.#warn,
    });
  }

  async plans({ zone }: { readonly zone?: string } = {}): Promise<Plan[]> {
    const regions = zone === undefined ? this.#clients.regions : [this.#clients.regionOf(zone)];
    const zones = (await this.zones()).filter(({ available }) => available);
    const lists = await Promise.all(regions.map((region) => this.#types(region)));
    const found = new Map<string, Plan>();
    lists.forEach((types, index) => {
      const here = zones.filter(({ region }) => region === regions[index]).map((entry) => entry.name);
      for (const type of types) {
        const known = found.get(type.name);
        found.set(type.name, { ...type, zones: [...(known?.zones ?? []), ...here] });
      }
    });
    return [...found.values()];
  }

  async size(type: string, region: string): Promise<TypeSize | undefined> {
    const plan = (await this.#types(region)).find((entry) => entry.name === type);
    return plan === undefined ? undefined : { cores: plan.cores, memory: plan.memory_mb };
  }

  #types(region: string): Promise<Plan[]> {
    return this.#cache.get(`types-${region}`, () =>
      this.#clients.call('listPlans', async () => {
        const { paginateDescribeInstanceTypes } = await import('@aws-sdk/client-ec2');
        const plans: Plan[] = [];
        const client = await this.#clients.ec2(region);
        for await (const page of paginateDescribeInstanceTypes({ client, pageSize: 100 }, {})) {
          for (const type of page.InstanceTypes ?? []) {
            const [architecture = 'x86_64'] = type.ProcessorInfo?.SupportedArchitectures ?? [];
            const cores = type.VCpuInfo?.DefaultVCpus ?? 0;
            const memory = type.MemoryInfo?.SizeInMiB ?? 0;
            if (cores === 0 || memory === 0 || architecture === 'i386') continue;
            plans.push({
              name: type.InstanceType ?? '',
              cores,
              memory_mb: memory,
              description: `${cores} cores, ${memory / 1024} GB`,
              zones: [],
              architecture: architecture === 'arm64' ? 'aarch64' : architecture,
            });
          }
        }
        return plans;
      }),
    );
  }

  async zones(): Promise<Zone[]> {
    const lists = await Promise.all(
      this.#clients.regions.map((region) =>
        this.#cache.get(`zones-${region}`, () =>
          this.#clients.call('listZones', async () => {
            const { DescribeAvailabilityZonesCommand } = await import('@aws-sdk/client-ec2');
            const client = await this.#clients.ec2(region);
            const { AvailabilityZones: zones = [] } = await client.send(
              new DescribeAvailabilityZonesCommand({}),
            );
            return zones.map(({ ZoneName: zone = '', State: state }) => ({
              name: zone,
              region,
              ...countryOf(region),
              available: state === 'available',
            }));
          }),
        ),
      ),
    );
    return lists.flat();
  }

  async images({ find }: { readonly find?: string } = {}): Promise<Image[]> {
    if (find?.startsWith('ami-') === true) {
      return (await this.#describe({ ImageIds: [find] }, this.#clients.region)).map(({ id, arch }) => ({
        name: find,
        arch,
        id,
        os_family: 'custom',
      }));
    }
    const wished = systems.filter(
      (system) => find === undefined || `name: ${system} | arch: x86_64`.includes(find),
    );
    const images = await Promise.all(
      wished.map(async (system) => {
        const found = await this.#newest(system, this.#clients.region);
        return found === undefined
          ? []
          : [{ name: system, arch: 'x86_64', id: found.id, os_family: system.replace(/-.*/, '') }];
      }),
    );
    return images.flat();
  }

  /** Id and root device of a system's newest image, or of an image by its id. @throws ProviderError `invalid`. */
  async image(os: string, region: string): Promise<{ readonly id: string; readonly root: string }> {
    const wished = os.startsWith('ami-') ? os : this.#config.default_ami;
    const found =
      (os.startsWith('ami-') ? undefined : await this.#newest(os, region)) ??
      (wished === undefined ? undefined : (await this.#describe({ ImageIds: [wished] }, region))[0]);
    if (found !== undefined) return found;
    throw new ProviderError({
      provider: name,
      operation: 'createServer',
      code: 'invalid',
      message: `Invalid server configuration: Invalid image: ${os}`,
      help: `Systems are ${systems.join(', ')}, or the id of an image (ami-…) in ${region}.`,
    });
  }

  #newest(system: string, region: string): Promise<{ id: string; root: string; arch: string } | undefined> {
    const publisher = publishers[system];
    if (publisher === undefined) return Promise.resolve(undefined);
    const [owner, pattern] = publisher;
    return this.#cache.get(`image-${region}-${system}`, async () => {
      const images = await this.#describe(
        {
          Owners: [owner],
          Filters: [
            { Name: 'name', Values: [pattern] },
            { Name: 'state', Values: ['available'] },
          ],
        },
        region,
      );
      return images.sort((a, b) => b.created.localeCompare(a.created))[0];
    });
  }

  async #describe(
    query: { Owners?: string[]; ImageIds?: string[]; Filters?: { Name: string; Values: string[] }[] },
    region: string,
  ): Promise<{ id: string; root: string; arch: string; created: string }[]> {
    try {
      return await this.#clients.call('listImages', async () => {
        const { DescribeImagesCommand } = await import('@aws-sdk/client-ec2');
        const client = await this.#clients.ec2(region);
        const { Images: images = [] } = await client.send(new DescribeImagesCommand(query));
        return images.map((image) => ({
          id: image.ImageId ?? '',
          root: image.RootDeviceName ?? '/dev/sda1',
          arch: image.Architecture === 'arm64' ? 'aarch64' : 'x86_64',
          created: image.CreationDate ?? '',
        }));
      });
    } catch (error) {
      if (error instanceof ProviderError && error.providerCode === 'not_found') return [];
      throw error;
    }
  }

  /** On-demand prices of Linux instances. Without permission for the price list prices are unknown, not wrong. */
  async prices({ plan, zone }: { readonly plan?: string; readonly zone?: string } = {}): Promise<Price[]> {
    const regions = zone === undefined ? this.#clients.regions : [this.#clients.regionOf(zone)];
    const zones = (await this.zones()).filter((entry) => zone === undefined || entry.name === zone);
    const lists = await Promise.all(
      regions.map(async (region) => {
        const list = await this.#regionPrices(region, plan).catch((error: Error) => {
          this.#warn(`Prices of ${region} are not known: ${error.message}`);
          return [];
        });
        return zones
          .filter((entry) => entry.region === region)
          .flatMap((entry) =>
            list.map(([type, hourly]) => ({
              plan: type,
              zone: entry.name,
              currency: 'USD',
              hourly,
              monthly: Math.round(hourly * hoursPerMonth * 1e6) / 1e6,
            })),
          );
      }),
    );
    return lists.flat();
  }

  #regionPrices(region: string, plan: string | undefined): Promise<[string, number][]> {
    return this.#cache.get(`prices-${region}-${plan ?? 'all'}`, () =>
      this.#clients.call('getPricing', async () => {
        const { paginateGetProducts } = await import('@aws-sdk/client-pricing');
        const client = await this.#clients.pricing();
        const wished = {
          regionCode: region,
          operatingSystem: 'Linux',
          tenancy: 'Shared',
          preInstalledSw: 'NA',
          capacitystatus: 'Used',
          ...(plan === undefined ? {} : { instanceType: plan }),
        };
        const Filters = Object.entries(wished).map(([Field, Value]) => ({
          Type: 'TERM_MATCH' as const,
          Field,
          Value,
        }));
        const prices: [string, number][] = [];
        for await (const page of paginateGetProducts({ client }, { ServiceCode: 'AmazonEC2', Filters })) {
          for (const text of page.PriceList ?? []) prices.push(...onDemandPrice(String(text)));
        }
        return prices;
      }),
    );
  }
}

interface Product {
  readonly product?: { readonly attributes?: { readonly instanceType?: string } };
  readonly terms?: {
    readonly OnDemand?: Readonly<
      Record<
        string,
        {
          readonly priceDimensions: Readonly<
            Record<string, { readonly pricePerUnit: { readonly USD?: string } }>
          >;
        }
      >
    >;
  };
}

function onDemandPrice(text: string): [string, number][] {
  const { product, terms } = JSON.parse(text) as Product;
  const [term] = Object.values(terms?.OnDemand ?? {});
  const [dimension] = Object.values(term?.priceDimensions ?? {});
  const price = Number(dimension?.pricePerUnit.USD);
  const type = product?.attributes?.instanceType;
  return type === undefined || !Number.isFinite(price) ? [] : [[type, price]];
}

function countryOf(region: string): { country?: string } {
  const country =
    countries[region] ??
    Object.entries(countries).find(([prefix]) => prefix.endsWith('-') && region.startsWith(prefix))?.[1];
  return country === undefined ? {} : { country };
}
