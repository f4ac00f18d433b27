/** Service meshes and ways into a cluster that go well together, and how one takes the place of another (07 §11). */

/** What speaks for a mesh or an ingress (S:51066). */
export interface MeshFacts {
  readonly lightweight: boolean;
  readonly automatic_tls: boolean;
  readonly full_features: boolean;
  readonly simple_config: boolean;
}

const facts: Readonly<Record<string, MeshFacts>> = {
  istio: { lightweight: false, automatic_tls: false, full_features: true, simple_config: false },
  linkerd: { lightweight: true, automatic_tls: false, full_features: false, simple_config: true },
  cilium: { lightweight: true, automatic_tls: false, full_features: true, simple_config: false },
  'nginx-ingress': { lightweight: true, automatic_tls: false, full_features: false, simple_config: false },
  traefik: { lightweight: true, automatic_tls: true, full_features: true, simple_config: true },
  contour: { lightweight: true, automatic_tls: false, full_features: false, simple_config: true },
  'haproxy-ingress': { lightweight: true, automatic_tls: false, full_features: true, simple_config: false },
};

export interface MeshCombination {
  readonly name: string;
  /** In the order of installation: certificates, mesh, ingress. */
  readonly taskservs: readonly string[];
  readonly default: boolean;
  readonly reason: string;
  readonly facts: MeshFacts;
}

/** Combinations to choose from, the recommended one first. */
export const meshCombinations: readonly MeshCombination[] = [
  combine(
    'linkerd+nginx',
    ['cert-manager', 'linkerd', 'nginx-ingress'],
    'small mesh, the ingress most people know',
    true,
  ),
  combine('istio', ['istio'], 'everything in one, with a gateway of its own'),
  combine('linkerd+traefik', ['cert-manager', 'linkerd', 'traefik'], 'small mesh, certificates by itself'),
  combine('nginx', ['nginx-ingress'], 'an ingress is enough'),
];

function combine(
  name: string,
  taskservs: readonly string[],
  reason: string,
  standard = false,
): MeshCombination {
  const known = taskservs.flatMap((one) => facts[one] ?? []);
  const all = (key: keyof MeshFacts): boolean => known.every((one) => one[key]);
  const some = (key: keyof MeshFacts): boolean => known.some((one) => one[key]);
  return {
    name,
    taskservs,
    default: standard,
    reason,
    facts: {
      lightweight: all('lightweight'),
      automatic_tls: some('automatic_tls'),
      full_features: some('full_features'),
      simple_config: some('simple_config'),
    },
  };
}

/** The guided way from one mesh or ingress to another; nothing for taskservs that are neither, or not of one kind. */
export function replacementSteps(
  from: { readonly name: string; readonly provides: readonly string[] },
  to: { readonly name: string; readonly provides: readonly string[] },
): readonly string[] | undefined {
  const both = (what: string): boolean => from.provides.includes(what) && to.provides.includes(what);
  if (both('service-mesh')) {
    return [
      `Install ${to.name} beside ${from.name}`,
      `Move the services one namespace after another: inject ${to.name}, take ${from.name} out, restart`,
      `Verify that the moved services reach each other`,
      ...(from.provides.includes('ingress') && !to.provides.includes('ingress')
        ? [
            `Install an ingress: ${to.name} brings none`,
            `Replace the routes of ${from.name} (VirtualServices) by Ingress objects`,
          ]
        : []),
      `Remove ${from.name}`,
    ];
  }
  if (both('ingress')) {
    return [
      `Install ${to.name} beside ${from.name}`,
      `Make each Ingress a second time, with the class of ${to.name}`,
      `Test the new addresses`,
      'Switch DNS or the load balancer over',
      `Drain ${from.name}: wait until no connection is left`,
      `Remove ${from.name}`,
    ];
  }
  return undefined;
}
