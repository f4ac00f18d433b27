import type { Image, Plan, Price, Zone } from '@provisioning/extensions-sdk';
import type { HetznerApi } from './api.ts';
import type { ApiImage, ApiLocation, ApiPricing, ApiServerType } from './api-types.ts';

/** Plans, zones, images and prices; kept on disk for a day (06 §8). */
export class Catalogue {
  readonly #api: HetznerApi;
  readonly #zones: readonly string[];

  constructor(api: HetznerApi, allowedZones: readonly string[]) {
    this.#api = api;
    this.#zones = allowedZones;
  }

  serverTypes(): Promise<readonly ApiServerType[]> {
    return this.#api.http.catalogue('server-types', () =>
      this.#api.list<ApiServerType>('/server_types', 'server_types', { operation: 'listPlans' }),
    );
  }

  async plans({ zone }: { readonly zone?: string } = {}): Promise<Plan[]> {
    return (await this.serverTypes())
      .map((type) => ({
        name: type.name,
        cores: type.cores,
        memory_mb: Math.round(type.memory * 1024),
        disk_gb: type.disk,
        description: type.description,
        zones: zonesOf(type).filter((name) => this.#allowed(name)),
        ...hourlyPrice(type, zone),
        architecture: architectureName(type.architecture),
      }))
      .filter(({ zones }) => zones.length > 0 && (zone === undefined || zones.includes(zone)));
  }

  async zones(): Promise<Zone[]> {
    const locations = await this.#api.http.catalogue('locations', () =>
      this.#api.list<ApiLocation>('/locations', 'locations', { operation: 'listZones' }),
    );
    return locations.map(({ name, network_zone: region, country }) => ({
      name,
      region,
      country: country.toLowerCase(),
      available: this.#allowed(name),
    }));
  }

  async images({ find }: { readonly find?: string } = {}): Promise<Image[]> {
    const images = await this.#api.http.catalogue('images', () =>
      this.#api.list<ApiImage>('/images', 'images', { operation: 'listImages' }, { type: 'system' }),
    );
    return images
      .filter(({ name }) => name !== null)
      .map(({ id, name, architecture, os_flavor: family }) => ({
        name: name ?? '',
        arch: architectureName(architecture),
        id: String(id),
        os_family: family,
      }))
      .filter(({ name, arch }) => find === undefined || `name: ${name} | arch: ${arch}`.includes(find));
  }

  async prices({ plan, zone }: { readonly plan?: string; readonly zone?: string } = {}): Promise<Price[]> {
    const pricing = await this.#api.http.catalogue(
      'pricing',
      async () =>
        (await this.#api.get<{ pricing: ApiPricing }>('/pricing', { operation: 'getPricing' })).pricing,
    );
    const storage = Number(pricing.volume.price_per_gb_month.net);
    const addresses = pricing.primary_ips.find(({ type }) => type === 'ipv4')?.prices ?? [];
    return (await this.serverTypes())
      .filter(({ name }) => plan === undefined || name === plan)
      .flatMap((type) =>
        type.prices
          .filter(({ location }) => (zone === undefined || location === zone) && this.#allowed(location))
          .map(({ location, price_hourly: hourly, price_monthly: monthly }) => {
            const address = addresses.find((entry) => entry.location === location)?.price_monthly.net;
            return {
              plan: type.name,
              zone: location,
              currency: pricing.currency,
              hourly: Number(hourly.net),
              monthly: Number(monthly.net),
              storage_gb_month: storage,
              ...(address === undefined ? {} : { ip_month: Number(address) }),
            };
          }),
      );
  }

  #allowed(zone: string): boolean {
    return this.#zones.length === 0 || this.#zones.includes(zone);
  }
}

export function architectureName(architecture: 'x86' | 'arm'): string {
  return architecture === 'arm' ? 'aarch64' : 'x86_64';
}

/** Where a type can be had: its own list, without what is being withdrawn; older answers only have prices. */
function zonesOf(type: ApiServerType): string[] {
  if (type.locations === undefined) return type.prices.map(({ location }) => location);
  return type.locations.filter(({ deprecation }) => deprecation == null).map(({ name }) => name);
}

function hourlyPrice(type: ApiServerType, zone: string | undefined): { hourly?: number } {
  const prices = type.prices.filter(({ location }) => zone === undefined || location === zone);
  return prices.length === 0
    ? {}
    : { hourly: Math.min(...prices.map(({ price_hourly: { net } }) => Number(net))) };
}
