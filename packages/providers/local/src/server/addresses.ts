/** An IPv4 network such as `10.89.0.0/24`. */
interface Subnet {
  readonly first: number;
  readonly last: number;
}

/**
 * The lowest free host address of a subnet. The first one is the gateway's, wherever it is not given.
 * @returns `undefined` when the subnet is not IPv4 or has no free address.
 */
export function freeAddress(subnet: string, taken: ReadonlySet<string>): string | undefined {
  const range = parse(subnet);
  if (range === undefined) return undefined;
  for (let value = range.first + 2; value < range.last; value++) {
    const address = format(value);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** Whether the subnet has the address as one that a server may have. */
export function isInSubnet(address: string, subnet: string): boolean {
  const range = parse(subnet);
  const value = number(address);
  return range !== undefined && value !== undefined && value > range.first + 1 && value < range.last;
}

/**
 * The hardware address that belongs to an address, as Docker itself chooses them. A container that takes the place of
 * another has the same one, so that its neighbours find it at once instead of after their ARP entry has aged.
 */
export function hardwareAddress(address: string): string {
  return ['02', '42', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(
    ':',
  );
}

function parse(subnet: string): Subnet | undefined {
  const [address = '', bits = ''] = subnet.split('/');
  const value = number(address);
  const length = Number(bits);
  if (value === undefined || !Number.isInteger(length) || length < 8 || length > 30) return undefined;
  const size = 2 ** (32 - length);
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}

function number(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function format(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
