/** Providers of the product that are not part of its installation, because of what they bring along. */
export const optionalProviders: Readonly<
  Record<string, { readonly package: string; readonly description: string }>
> = {
  aws: {
    package: '@provisioning/provider-aws',
    description:
      'Servers, networks, volumes, load balancers, DNS, buckets, databases and Kubernetes of Amazon Web Services',
  },
};

/** How an optional provider gets onto this machine. */
export function installHint(name: string): string | undefined {
  const optional = optionalProviders[name];
  return optional === undefined ? undefined : `Install it with: npm i -g ${optional.package}`;
}
